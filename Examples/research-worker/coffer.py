"""The few calls of Coffer that a research worker needs."""

import http.client
import json
import random
import sys
import time
import urllib.error
import urllib.request


class Refused(Exception):
    """The server has understood, and said no."""

    def __init__(self, status, problem, again):
        super().__init__(f"{status} {problem.get('code')}: {problem.get('detail') or problem.get('title')}")
        self.status = status
        self.again = again  # the call had been sent before, without an answer


class Server:
    """A server that may be away for a while: what fails for that reason is tried again for `patience` seconds.

    Every call a worker makes may be sent twice without harm. A heartbeat says where things stand, findings carry keys,
    and the end of a research may be told again. So a lost answer is no reason to stop.
    """

    def __init__(self, url, patience=600):
        self.url = url.rstrip("/")
        self.patience = patience
        self.token = None

    def call(self, method, path, body=None, retry=True):
        deadline = time.monotonic() + self.patience
        delay = 0.1
        waited = lost = False
        while True:
            try:
                answer = self._send(method, path, body)
                if waited:
                    print("the server is back", file=sys.stderr, flush=True)
                return answer
            except urllib.error.HTTPError as error:
                with error:
                    problem = _json(error.read()) or {}
                if error.code not in (429, 503) or not retry:
                    raise Refused(error.code, problem, again=lost) from None
                wait, reason = float(error.headers.get("Retry-After") or delay), f"{error.code} {problem.get('code')}"
            except (OSError, http.client.HTTPException) as error:
                # Refused, reset, cut in the middle of an answer, or silent for too long: the server is not there.
                if not retry:
                    raise
                # Many workers lose a server at once; they should not all come back at once.
                lost = True
                wait, reason = delay * random.uniform(0.5, 1), getattr(error, "reason", None) or error
                delay = min(2 * delay, 5)
            if time.monotonic() + wait > deadline:
                raise TimeoutError(f"{method} {path}: no answer in {self.patience} s, at last: {reason}")
            if not waited:
                print(f"the server is away: {reason}", file=sys.stderr, flush=True)
                waited = True
            time.sleep(wait)

    def _send(self, method, path, body):
        request = urllib.request.Request(self.url + path, method=method)
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=30) as response:
            return _json(response.read())


def _json(content):
    try:
        return json.loads(content) if content else None
    except ValueError:
        return None
