"""Users of each contestant, with the same table of notes."""

import secrets
import sqlite3
import subprocess
from concurrent.futures import ThreadPoolExecutor

from harness import requests
from harness.coffer import Coffer
from harness.paths import BENCHMARKS, VENV

USERS = 64
ROWS = 1000
TABLE = "CREATE TABLE notes (id INTEGER PRIMARY KEY, title TEXT NOT NULL, body TEXT NOT NULL)"
FILL = (
    "INSERT INTO notes (title, body) WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number "
    f"WHERE n < {ROWS}) SELECT 'title ' || n, 'the body of note ' || n || ', a line of text' FROM number")
SELECT = "SELECT id, title, body FROM notes WHERE id = ?"
INSERT = "INSERT INTO notes (title, body) VALUES (?, ?)"
PASSWORD = "correct horse battery"


def selects(tokens):
    """Point reads that walk over the users, each time of another row."""
    return [
        requests.query(token, SELECT, (17 * position + step * 59) % ROWS + 1)
        for step in range(16) for position, token in enumerate(tokens)]


def inserts(tokens):
    return [requests.query(token, INSERT, "title", "a body of some words") for token in tokens]


def register(client, name, has_session=True):
    """The token of a new user with the table of notes, if they are to have a session."""
    credentials = {"username": name, "password": PASSWORD}
    client.send(requests.request("POST", "/v1/users", credentials), 201)
    if not has_session:
        return None
    token = client.send(requests.request("POST", "/v1/sessions", credentials), 201).json()["token"]
    client.send(requests.query(token, TABLE))
    client.send(requests.query(token, FILL))
    return token


def populate_coffer(folder, users=USERS):
    """Makes a data directory; a token of each user. Sessions outlive a restart, so servers may begin with a copy."""
    with Coffer(folder) as server, ThreadPoolExecutor(2) as pool:
        def make(number):
            with server.client() as client:
                return register(client, f"user-{number}")
        return list(pool.map(make, range(users)))


def populate_plain(folder, users=USERS, journal="WAL"):
    """Databases of plain SQLite, and `tokens`, which says whose they are; the tokens."""
    tokens = write_tokens(folder, users, keyed=False)
    for number in range(users):
        database = sqlite3.connect(folder / f"user{number}.db")
        database.execute(f"PRAGMA journal_mode = {journal}")
        database.execute(TABLE)
        database.execute(FILL)
        database.commit()
        database.close()
    return tokens


def populate_sqlcipher(folder, users=USERS):
    """The same, encrypted, by the sqlcipher3 of the Python rival."""
    tokens = write_tokens(folder, users, keyed=True)
    subprocess.run(
        [VENV / "python", BENCHMARKS / "Rivals/flask-sqlalchemy/databases.py", folder, f"{TABLE}; {FILL};"], check=True)
    return tokens


def write_tokens(folder, users, keyed):
    folder.mkdir(parents=True)
    tokens = [secrets.token_urlsafe(32) for _ in range(users)]
    keys = [" " + secrets.token_hex(48) if keyed else "" for _ in tokens]
    lines = [f"{token} user{number}.db{key}\n" for number, (token, key) in enumerate(zip(tokens, keys))]
    (folder / "tokens").write_text("".join(lines))
    return tokens
