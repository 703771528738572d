"""Reads of one row by its key, by 32 connections that walk over 64 users."""

from contextlib import ExitStack, contextmanager
from functools import partial

from harness import rivals
from harness.baseline import baseline
from harness.load import throughput, warm
from harness.population import ROWS, SELECT, USERS, populate_plain, populate_sqlcipher, selects
from harness.requests import request

TITLE = "Point SELECT, warm: 32 connections, 64 users"
CONNECTIONS = 32


@contextmanager
def contestants(bench):
    folder = bench.folder / "point_select"
    with ExitStack() as stack:
        coffer, tokens = stack.enter_context(bench.coffer("point_select"))
        reply = warm(coffer, selects(tokens))
        constant = stack.enter_context(rivals.constant(folder / "constant", reply))
        contestants = {
            "libmicrohttpd, constant": (constant, selects(tokens)),
            "Coffer": (coffer, selects(tokens)),
        }
        for name, rival, populate in (
            ("Hummingbird + GRDB, plain SQLite", rivals.hummingbird, populate_plain),
            ("Flask + SQLAlchemy + sqlcipher3", rivals.flask, populate_sqlcipher),
            (f"Flask + SQLAlchemy + sqlcipher3, {rivals.ADVISED_PROCESSES} processes",
             rivals.flask_in_processes, populate_sqlcipher),
        ):
            tokens = populate(folder / rival.__name__)
            contestants[name] = stack.enter_context(rival(folder / rival.__name__)), selects(tokens)
        tokens = populate_plain(folder / "datasette", journal="DELETE")
        contestants["Datasette, plain SQLite"] = (
            stack.enter_context(rivals.datasette(folder / "datasette")), datasette_selects(tokens))
        for server, requests in contestants.values():
            warm(server, requests)
            # Over one connection only one process of several is reached.
            throughput(server, requests, CONNECTIONS, 1)
        yield {
            **{name: partial(throughput, server, requests, CONNECTIONS, bench.seconds)
               for name, (server, requests) in contestants.items()},
            "plain SQLite in process": partial(in_process, bench, folder / "hummingbird"),
        }


def datasette_selects(tokens):
    """Datasette has its statement in the path, with named parameters."""
    sql = SELECT.replace("?", ":id").replace(" ", "+")
    return [
        request("GET", f"/user{user}.json?sql={sql}&id={(17 * user + step * 59) % ROWS + 1}", token=token)
        for step in range(16) for user, token in enumerate(tokens)]


def in_process(bench, folder):
    databases = [folder / f"user{number}.db" for number in range(USERS)]
    return {"requests/s": baseline("plain_sqlite", "select", bench.seconds, *databases)[0]}
