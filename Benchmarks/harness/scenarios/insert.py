"""Inserts of one row that are on the disk when they are answered: by one client, by 16 of one user, by 16 users."""

from contextlib import ExitStack, contextmanager
from functools import partial

from harness import rivals
from harness.baseline import baseline
from harness.load import throughput, warm
from harness.population import inserts, populate_plain, populate_sqlcipher

TITLE = "INSERT of one row, durable (synchronous = FULL)"
# Clients, and users whom they write for.
MODES = {"1 client": (1, 1), "16 clients of one user": (16, 1), "16 clients of 16 users": (16, 16)}
USERS = 16


@contextmanager
def contestants(bench):
    folder = bench.folder / "insert"
    with ExitStack() as stack:
        servers = {"Coffer": stack.enter_context(bench.coffer("insert"))}
        for name, rival, populate in (
            ("Hummingbird + GRDB", rivals.hummingbird, populate_plain),
            ("Flask + SQLAlchemy", rivals.flask, populate_sqlcipher),
        ):
            tokens = populate(folder / rival.__name__, USERS)
            servers[name] = stack.enter_context(rival(folder / rival.__name__)), tokens
        contestants = {}
        for name, (server, tokens) in servers.items():
            warm(server, inserts(tokens[:USERS]))
            for mode, (clients, users) in MODES.items():
                contestants[f"{name}, {mode}"] = partial(
                    throughput, server, inserts(tokens[:users]), clients, bench.seconds)
        contestants["plain SQLite in process"] = partial(in_process, bench, folder / "hummingbird" / "user0.db")
        yield contestants


def in_process(bench, database):
    return {"requests/s": baseline("plain_sqlite", "insert", bench.seconds, database)[0]}
