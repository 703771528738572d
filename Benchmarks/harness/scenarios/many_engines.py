"""Point reads with 1,000 open engines of 10,000 users, and what a scrape of /metrics costs then."""

from contextlib import ExitStack, contextmanager
from functools import partial

from harness.load import SteadyLoad, throughput, warm
from harness.many_users import many_users
from harness.population import selects
from harness.requests import request

TITLE = "Point SELECT and scrapes, 1,000 open engines"
CONNECTIONS = 32
FEW_USERS = 10
SCRAPES = {"connections": 1, "rate": 10}


@contextmanager
def contestants(bench):
    with ExitStack() as stack:
        few, tokens = stack.enter_context(bench.coffer("many_engines"))
        few_selects = selects(tokens[:FEW_USERS])
        many, tokens = many_users()
        stack.enter_context(many)
        many_selects = selects(tokens)[:len(tokens)]
        warm(few, few_selects)
        warm(many, many_selects)
        yield {
            "Coffer, 10 users": partial(throughput, few, few_selects, CONNECTIONS, bench.seconds),
            "Coffer, 1,000 engines": partial(throughput, many, many_selects, CONNECTIONS, bench.seconds),
            "Coffer, 1,000 engines, scraped": partial(scraped, many, many_selects, bench.seconds),
            "Coffer, 1,000 engines, scrapes alone": partial(scrapes, many, bench.seconds),
        }


def scraped(server, requests, seconds):
    """Throughput while there are 10 scrapes a second."""
    with SteadyLoad(server, [request("GET", "/metrics")], **SCRAPES, seconds=seconds):
        return throughput(server, requests, CONNECTIONS, seconds)


def scrapes(server, seconds):
    before = server.cpu_seconds()
    with SteadyLoad(server, [request("GET", "/metrics")], **SCRAPES, seconds=seconds) as load:
        pass
    return {
        "scrape ms": load.figures["p50 ms"], "CPU ms": (server.cpu_seconds() - before) / load.requests * 1e3}
