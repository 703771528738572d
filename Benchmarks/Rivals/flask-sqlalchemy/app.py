"""What a team that writes Python has: Flask, SQLAlchemy's QueuePool and sqlcipher3, an engine for each user.

DIRECTORY names the folder whose `tokens` lists the sessions: lines of a token, a database's file name and its key."""

import os
from pathlib import Path

import sqlcipher3
from flask import Flask, abort, jsonify, request
from sqlalchemy import create_engine, event
from sqlalchemy.pool import QueuePool

DIRECTORY = Path(os.environ["DIRECTORY"])


def engine(name, key):
    # check_same_thread: a connection of the pool is used by one thread at a time, but not always by the same one.
    result = create_engine(
        "sqlite://", module=sqlcipher3.dbapi2, poolclass=QueuePool, pool_size=4,
        creator=lambda: sqlcipher3.connect(str(DIRECTORY / name), check_same_thread=False))

    @event.listens_for(result, "connect")
    def prepare(connection, _):
        connection.execute("PRAGMA cipher_memory_security = OFF")
        # The key as it is, for without its 96 digits every connection would run PBKDF2 for a tenth of a second.
        connection.execute(f"PRAGMA key = \"x'{key}'\"")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")

    return result


ENGINES = {token: engine(name, key) for token, name, key in map(str.split, (DIRECTORY / "tokens").open())}
app = Flask(__name__)


@app.post("/v1/query")
def query():
    engine = ENGINES.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
    if engine is None:
        abort(401)
    body = request.get_json()
    with engine.begin() as connection:
        result = connection.exec_driver_sql(body["sql"], tuple(body.get("args", ())))
        if result.returns_rows:
            return jsonify(columns=list(result.keys()), rows=[list(row) for row in result], rows_affected=0)
        return jsonify(columns=[], rows=[], rows_affected=result.rowcount)
