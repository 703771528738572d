"""A client of one server: JSON over a connection that it keeps."""

import http.client
import json


class Failure(Exception):
    """The server did not answer as it should have."""


class Client:
    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def call(self, method, path, expected, token=None, body=None):
        """Sends a request; the reply's JSON, or None if it has no body."""
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self.connection.request(method, path, None if body is None else json.dumps(body), headers)
        reply = self.connection.getresponse()
        content = reply.read()
        if reply.status != expected:
            raise Failure(f"{method} {path}: {reply.status} {content.decode(errors='replace')}")
        return json.loads(content) if content else None

    def text(self, path):
        self.connection.request("GET", path)
        return self.connection.getresponse().read().decode()

    def close(self):
        self.connection.close()
