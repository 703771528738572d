"""Load: wrk for throughput, a program of our own for latency under less than that, and single requests to warm up."""

import json
import subprocess

from harness.client import Failure
from harness.paths import BENCHMARKS, PROGRAMS
from harness.requests import save


def throughput(server, requests, connections, seconds):
    """As many requests as the server answers; what it costs the server, too."""
    path = save(requests, server.folder / f"{server.name}.requests")
    before = server.cpu_seconds()
    output = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", BENCHMARKS / "Baselines/walk.lua",
         f"http://127.0.0.1:{server.port}", "--", path],
        check=True, capture_output=True, text=True).stdout
    result = json.loads(output.splitlines()[-1])
    if result["failures"] or not result["requests"]:
        raise Failure(f"{server.name}: {output}")
    return {
        "requests/s": result["requests"] / result["seconds"],
        "p50 ms": result["p50_ms"],
        "p99 ms": result["p99_ms"],
        "CPU µs": (server.cpu_seconds() - before) / result["requests"] * 1e6,
    }


class SteadyLoad:
    """Requests at a fixed rate while this is entered; afterwards `figures` has what came of them."""

    def __init__(self, server, requests, connections, rate, seconds):
        path = save(requests, server.folder / f"{server.name}.{rate}.requests")
        self.command = [PROGRAMS / "load", *map(str, (server.port, path, connections, seconds, rate))]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *_):
        output, errors = self.process.communicate()
        if self.process.returncode:
            raise Failure(errors)
        result = json.loads(output)
        self.requests = result["requests"]
        self.figures = {
            "p99 ms": result["p99_ms"], "p50 ms": result["p50_ms"], "requests/s": self.requests / result["seconds"]}


def warm(server, requests):
    """Sends each request once; the last reply."""
    with server.client() as client:
        for request in requests:
            reply = client.send(request)
    return reply
