"""The first request of a session whose engine is closed, against opening a file under a passphrase."""

import time
from contextlib import contextmanager
from functools import partial
from statistics import median

from harness.baseline import baseline
from harness.coffer import ADMIN_TOKEN
from harness.load import warm
from harness.population import selects
from harness.requests import request

TITLE = "First request of a session whose engine is closed"
PASSPHRASE_OPENS = 5


@contextmanager
def contestants(bench):
    with bench.coffer("cold") as (coffer, tokens), coffer.client() as client:
        warm(coffer, selects(tokens))
        database = bench.folder / "cold" / "passphrase.db"
        yield {
            "Coffer, closed engine": partial(cold, client, tokens),
            "Coffer, open engine": partial(timed, client, tokens),
            "SQLCipher, passphrase": partial(passphrase, database),
        }


def cold(client, tokens):
    for number in range(len(tokens)):
        client.send(request("POST", f"/v1/admin/engines/name:user-{number}/close", token=ADMIN_TOKEN), 204)
    return timed(client, tokens)


def timed(client, tokens):
    times = []
    for select in selects(tokens)[:len(tokens)]:
        begin = time.perf_counter()
        client.send(select)
        times.append(time.perf_counter() - begin)
    return {"p50 ms": median(times) * 1e3, "max ms": max(times) * 1e3}


def passphrase(database):
    times = [seconds * 1e3 for seconds in baseline("passphrase", database, PASSPHRASE_OPENS)]
    return {"p50 ms": median(times), "max ms": max(times)}
