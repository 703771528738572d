"""A server under measurement: a process, and the port on which it listens."""

import os
import socket
import subprocess
import time

from harness import process
from harness.client import Client

START_LIMIT = 60


class Server:
    """Runs while it is entered as a context. `command` is made from the port."""

    def __init__(self, name, command, folder, settings=None):
        self.name, self.command, self.folder, self.settings = name, command, folder, settings or {}
        self.port = free_port()

    def __enter__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / f"{self.name}.log").open("w") as log:
            self.process = subprocess.Popen(
                [str(word) for word in self.command(self.port)], stdout=log, stderr=log,
                env={"PATH": os.environ["PATH"], **{key: str(value) for key, value in self.settings.items()}})
        self.wait_until_it_listens()
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def wait_until_it_listens(self):
        end = time.monotonic() + START_LIMIT
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except ConnectionRefusedError:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError(f"{self.name} does not start: see {self.folder / self.name}.log") from None
                time.sleep(0.001)

    def client(self):
        return Client(self.port)

    def cpu_seconds(self):
        return process.cpu_seconds(self.process.pid)

    def resident_bytes(self):
        return process.resident_bytes(self.process.pid)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
