"""Allocations for each warm point SELECT, counted by the library whose code asks for them."""

import struct
from contextlib import ExitStack, contextmanager
from functools import partial

from harness import rivals
from harness.load import SteadyLoad, warm
from harness.paths import PROGRAMS
from harness.population import selects

TITLE = "Allocations for each warm point SELECT"
# The records of allocations.c: a library's name and its count.
RECORD = struct.Struct("56sQ")
OTHERS = {"libmicrohttpd": "libmicrohttpd", "libsqlcipher": "SQLCipher", "libcrypto": "OpenSSL", "libc.": "libc"}
LOAD = {"connections": 32, "rate": 2000}


@contextmanager
def contestants(bench):
    folder = bench.folder / "allocations"
    with ExitStack() as stack:
        coffer, tokens = stack.enter_context(bench.coffer("allocations", **counting(bench, "coffer")))
        requests = selects(tokens)
        constant = rivals.constant(folder / "constant", warm(coffer, requests))
        constant.settings = counting(bench, "constant")
        stack.enter_context(constant)
        contestants = {"Coffer": coffer, "libmicrohttpd, constant": constant}
        for server in contestants.values():
            # Until each of the users' readers has its statement.
            count(bench, server, requests)
        yield {name: partial(count, bench, server, requests) for name, server in contestants.items()}


def counting(bench, name):
    return {"LD_PRELOAD": PROGRAMS / "allocations.so", "ALLOCATION_COUNTS": bench.folder / f"{name}.counts"}


def count(bench, server, requests):
    path = bench.folder / f"{server.name}.counts"
    before = read(path)
    with SteadyLoad(server, requests, **LOAD, seconds=1) as load:
        pass
    after = read(path)
    figures = dict.fromkeys(["own code", *OTHERS.values()], 0.0)
    for library, value in after.items():
        owner = next((figure for prefix, figure in OTHERS.items() if library.startswith(prefix)), "own code")
        figures[owner] += (value - before.get(library, 0)) / load.requests
    return figures


def read(path):
    return {name.rstrip(b"\0").decode(): value for name, value in RECORD.iter_unpack(path.read_bytes()) if name[0]}
