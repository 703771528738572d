"""From the start of the process until it is ready, and the memory of it and of idle open engines."""

import time
from contextlib import contextmanager
from functools import partial

from harness.coffer import Coffer
from harness.load import warm
from harness.many_users import many_users
from harness.metrics import total
from harness.population import selects
from harness.requests import request

TITLE = "Start, and memory"
# What the first engines bring along, the buffers of clients and so on, is none of the engines'.
FIRST_ENGINES = 100


@contextmanager
def contestants(bench):
    yield {
        "Coffer, no users": partial(start, Coffer(bench.folder / "start")),
        "Coffer, 10,000 users": partial(start_with_many, *many_users()),
    }


def start(server):
    with started(server) as (_, figures):
        return figures


def start_with_many(server, tokens):
    with started(server) as (server, figures):
        requests = selects(tokens)[:len(tokens)]
        warm(server, requests[:FIRST_ENGINES])
        before = server.resident_bytes()
        warm(server, requests[FIRST_ENGINES:])
        engines = len(requests) - FIRST_ENGINES
        figures["KiB for each engine"] = (server.resident_bytes() - before) / engines / 1024
        with server.client() as client:
            figures["connections of an engine"] = (
                total(client, "coffer_connections") / total(client, "coffer_engines"))
        return figures


@contextmanager
def started(server):
    begin = time.perf_counter()
    with server, server.client() as client:
        client.send(request("GET", "/health/ready"))
        ready = time.perf_counter() - begin
        yield server, {
            "ready ms": ready * 1e3, "CPU ms": server.cpu_seconds() * 1e3, "RSS MiB": server.resident_bytes() / 2**20}
