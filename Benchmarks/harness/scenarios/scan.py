"""A scan of 100,000 rows, streamed as NDJSON, against stepping through the same rows and formatting them in C."""

import time
from contextlib import contextmanager
from functools import partial

from harness import requests
from harness.baseline import baseline
from harness.client import Failure, field

TITLE = "Scan of 100,000 rows as NDJSON"
ROWS = 100_000
SELECT = "SELECT id, title, body FROM many"
SCHEMA = "CREATE TABLE many (id INTEGER PRIMARY KEY, title TEXT NOT NULL, body TEXT NOT NULL)"
FILL = (
    "INSERT INTO many (title, body) WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number "
    f"WHERE n < {ROWS}) SELECT 'title ' || n, 'the body of note ' || n || ', a line of text' FROM number")


@contextmanager
def contestants(bench):
    with bench.coffer("scan") as (coffer, tokens), coffer.client() as client:
        for sql in (SCHEMA, FILL):
            client.send(requests.query(tokens[0], sql))
        request = requests.query(tokens[0], SELECT, fields=["Accept: application/x-ndjson"])
        check(client, request)
        database = bench.folder / "scan" / "c.db"
        baseline("scan", database, f"{SCHEMA}; {FILL};")
        yield {
            "Coffer": partial(streamed, client, request),
            "stepping and formatting in C": partial(in_process, database),
        }


def check(client, request):
    """That the answer is a stream of all rows."""
    reply = client.send(request)
    if field(reply.head, "content-type") != "application/x-ndjson" or reply.body.count(b"\n") != ROWS + 2:
        raise Failure(f"the answer is not NDJSON of {ROWS} rows: {reply.head}")


def streamed(client, request):
    begin = time.perf_counter()
    reply = client.send(request)
    seconds = time.perf_counter() - begin
    return {"rows/s": ROWS / seconds, "MiB/s": len(reply.received) / seconds / 2**20}


def in_process(database):
    seconds, size = baseline("scan", database, SELECT)
    return {"rows/s": ROWS / seconds, "MiB/s": size / seconds / 2**20}
