"""The other servers, as their documentation advises where nothing else is told."""

import os

from harness.paths import BENCHMARKS, HUMMINGBIRD, PROGRAMS, VENV
from harness.server import Server

# https://docs.gunicorn.org/en/stable/design.html#how-many-workers
ADVISED_PROCESSES = 2 * os.cpu_count() + 1


def constant(folder, reply):
    """libmicrohttpd that answers with the same header fields and bytes as `reply`."""
    folder.mkdir(parents=True, exist_ok=True)
    own = ("date", "content-length", "connection")
    fields = [line for line in reply.head.split("\r\n")[1:] if line.partition(":")[0].lower() not in own]
    path = folder / "reply"
    path.write_bytes("".join(line + "\n" for line in fields).encode() + b"\n" + reply.body)
    return Server("constant", lambda port: [PROGRAMS / "constant", port, path], folder)


def hummingbird(folder):
    return Server("hummingbird", lambda port: [HUMMINGBIRD, port, folder], folder)


def flask(folder, processes=1):
    """One process with 16 threads: a user's connections are counted, limited and closed in one place, as in Coffer."""
    return Server(
        "flask", lambda port: [
            VENV / "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", processes, "--worker-class", "gthread",
            "--threads", 16, "--keep-alive", 75, "--no-control-socket",
            "--chdir", BENCHMARKS / "Rivals/flask-sqlalchemy", "app:app"],
        folder, {"DIRECTORY": folder})


def flask_in_processes(folder):
    """Each process has a pool of its own for each user."""
    return flask(folder, ADVISED_PROCESSES)


def datasette(folder):
    """Immutable files, which Datasette reads without locks."""
    return Server(
        "datasette", lambda port: [
            VENV / "datasette", "serve", "--port", port, "--plugins-dir", BENCHMARKS / "Rivals/datasette",
            *(argument for path in sorted(folder.glob("*.db")) for argument in ("--immutable", path))],
        folder, {"DIRECTORY": folder})
