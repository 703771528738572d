"""A login, against the hash of a password alone."""

import time
from contextlib import contextmanager
from functools import partial
from statistics import median

from harness.baseline import baseline
from harness.population import PASSWORD
from harness.requests import request

TITLE = "Login"
LOGINS = 10


@contextmanager
def contestants(bench):
    with bench.coffer("login") as (coffer, _), coffer.client() as client:
        yield {"Coffer": partial(log_in, client), "Argon2id in C": argon2id}


def log_in(client):
    """Logins of one user after the other; each session is ended again."""
    times = []
    for number in range(LOGINS):
        credentials = request("POST", "/v1/sessions", {"username": f"user-{number}", "password": PASSWORD})
        begin = time.perf_counter()
        reply = client.send(credentials, 201)
        times.append(time.perf_counter() - begin)
        client.send(request("DELETE", "/v1/sessions/current", token=reply.json()["token"]), 204)
    return {"p50 ms": median(times) * 1e3}


def argon2id():
    return {"p50 ms": median(baseline("argon2id", LOGINS)) * 1e3}
