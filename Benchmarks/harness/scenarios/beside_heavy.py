"""Light statements, at a rate that leaves most of the machine idle, beside users who keep it busy."""

from contextlib import ExitStack, contextmanager
from functools import partial

from harness import requests, rivals
from harness.load import SteadyLoad, warm
from harness.population import populate_plain, selects

TITLE = "Light statements (500 a second, 16 connections) beside 8 users with heavy ones"
HEAVY_USERS = 8
LIGHT = {"connections": 16, "rate": 500}
# Some 50 ms of work, and hardly a row of reply.
HEAVY = (
    "SELECT sum(n) FROM (WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 250000) "
    "SELECT n FROM number)")


@contextmanager
def contestants(bench):
    folder = bench.folder / "beside_heavy"
    with ExitStack() as stack:
        tokens = populate_plain(folder / "hummingbird")
        servers = {
            "Coffer": stack.enter_context(bench.coffer("beside_heavy")),
            "Hummingbird + GRDB": (stack.enter_context(rivals.hummingbird(folder / "hummingbird")), tokens),
        }
        contestants = {}
        for name, (server, tokens) in servers.items():
            warm(server, selects(tokens))
            contestants[f"{name}, idle"] = partial(idle, server, tokens, bench.seconds)
            contestants[f"{name}, beside heavy ones"] = partial(beside_heavy, server, tokens, bench.seconds)
        yield contestants


def idle(server, tokens, seconds):
    with SteadyLoad(server, selects(tokens[HEAVY_USERS:]), **LIGHT, seconds=seconds) as light:
        pass
    return light.figures


def beside_heavy(server, tokens, seconds):
    heavy = [requests.query(token, HEAVY) for token in tokens[:HEAVY_USERS]]
    # Rate 0: each connection sends the next one when the one before is answered.
    with SteadyLoad(server, heavy, HEAVY_USERS, 0, seconds) as heavy:
        figures = idle(server, tokens, seconds)
    return figures | {"heavy/s": heavy.figures["requests/s"]}
