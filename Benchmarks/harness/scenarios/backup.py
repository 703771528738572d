"""A backup of 100 MiB, against sqlite3_backup in C on the same pages, and the user's own writes meanwhile."""

import threading
import time
from contextlib import contextmanager
from functools import partial

from harness import requests
from harness.baseline import baseline
from harness.load import SteadyLoad
from harness.population import inserts
from harness.requests import request

TITLE = "Backup of 100 MiB"
SIZE = 100 << 20
# Rows of 8 KiB, added in parts that leave the log short.
ROW, PART = 8 << 10, 1600
SCHEMA = "CREATE TABLE pieces (id INTEGER PRIMARY KEY, content BLOB NOT NULL)"
FILL = (
    "INSERT INTO pieces (content) WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number "
    f"WHERE n < {PART}) SELECT randomblob({ROW}) FROM number")
PASSPHRASE = "correct horse battery"
WRITES = {"connections": 1, "rate": 100}


@contextmanager
def contestants(bench):
    with bench.coffer("backup") as (coffer, tokens), coffer.client() as client:
        token = tokens[0]
        client.send(requests.query(token, SCHEMA))
        for _ in range(SIZE // ROW // PART):
            client.send(requests.query(token, FILL))
        source = bench.folder / "backup" / "export.db"
        export = request(
            "GET", "/v1/export?format=sqlcipher", token=token, fields=[f"X-Coffer-Passphrase: {PASSPHRASE}"])
        source.write_bytes(client.send(export).body)
        yield {
            "Coffer, verified": partial(backed_up, client, token),
            "sqlite3_backup in C": partial(in_process, source),
            "sqlite3_backup in C, verified": partial(in_process, source, "verify"),
            "Coffer, writes alone": partial(writes, coffer, token, bench.seconds),
            "Coffer, writes during backups": partial(writes_during_backups, coffer, token, bench.seconds),
        }


def back_up(client, token):
    return client.send(request("POST", "/v1/backups", {}, token), 201).json()


def delete(client, token, backup):
    client.send(request("DELETE", f"/v1/backups/{backup['id']}", token=token), 204)


def backed_up(client, token):
    begin = time.perf_counter()
    backup = back_up(client, token)
    seconds = time.perf_counter() - begin
    delete(client, token, backup)
    return {"MiB/s": backup["bytes"] / seconds / 2**20}


def in_process(source, *options):
    seconds, = baseline("backup", source, PASSPHRASE, source.with_suffix(".copy"), *options)
    return {"MiB/s": source.stat().st_size / seconds / 2**20}


def writes(server, token, seconds):
    with SteadyLoad(server, inserts([token]), **WRITES, seconds=seconds) as load:
        pass
    return {"write p50 ms": load.figures["p50 ms"], "write p99 ms": load.figures["p99 ms"]}


def writes_during_backups(server, token, seconds):
    ended = threading.Event()

    def make_backups():
        with server.client() as client:
            backups = []
            while not ended.is_set():
                backups.append(back_up(client, token))
            # Not meanwhile: it is the file system that is busy then.
            for backup in backups:
                delete(client, token, backup)

    backups = threading.Thread(target=make_backups)
    backups.start()
    try:
        return writes(server, token, seconds)
    finally:
        ended.set()
        backups.join()
