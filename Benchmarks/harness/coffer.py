"""Coffer as it is delivered: built in release mode, with its default settings."""

from harness.paths import COFFER
from harness.server import Server

ADMIN_TOKEN = "an admin token of the benchmarks, long enough"


class Coffer(Server):
    def __init__(self, folder, **settings):
        super().__init__("coffer", self.arguments, folder, settings)

    def arguments(self, port):
        self.settings |= {
            "COFFER_PORT": port, "COFFER_DATA_DIRECTORY": self.folder / "data", "COFFER_ADMIN_TOKEN": ADMIN_TOKEN}
        return [COFFER, "serve"]
