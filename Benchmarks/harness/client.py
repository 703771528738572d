"""A client of one connection, thin enough to time single requests: it parses no more of a reply than its length."""

import json
import socket
from dataclasses import dataclass


class Failure(Exception):
    """A server did not answer as it should have."""


@dataclass
class Reply:
    status: int
    head: str
    received: bytes

    @property
    def body(self):
        return b"".join(chunks(self.received)) if is_chunked(self.head) else self.received

    def json(self):
        return json.loads(self.body)


class Client:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=120)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, request, expected=200):
        """Sends a request as it is, and reads the whole reply."""
        self.socket.sendall(request)
        received = b""
        while b"\r\n\r\n" not in received:
            received += self.receive()
        head, _, body = received.partition(b"\r\n\r\n")
        head = head.decode()
        if is_chunked(head):
            body = self.rest_of_chunks(body)
        else:
            body = self.rest(body, int(field(head, "content-length") or 0))
        reply = Reply(int(head.split(" ", 2)[1]), head, body)
        if reply.status != expected:
            raise Failure(f"{request[:60]!r}: {reply.status} {reply.body[:300]!r}")
        return reply

    def rest(self, body, length):
        parts, missing = [body], length - len(body)
        while missing > 0:
            parts.append(self.receive())
            missing -= len(parts[-1])
        return b"".join(parts)

    def rest_of_chunks(self, body):
        parts, tail = [body], body[-5:]
        while tail != b"0\r\n\r\n":
            parts.append(self.receive())
            tail = (tail + parts[-1])[-5:]
        return b"".join(parts)

    def receive(self):
        data = self.socket.recv(1 << 20)
        if not data:
            raise Failure("the server closed the connection")
        return data


def is_chunked(head):
    return field(head, "transfer-encoding") == "chunked"


def chunks(data):
    """The content of a body in chunks: https://www.rfc-editor.org/rfc/rfc9112#section-7.1"""
    position = 0
    while True:
        end = data.index(b"\r\n", position)
        size = int(data[position:end], 16)
        if size == 0:
            return
        yield data[end + 2:end + 2 + size]
        position = end + 2 + size + 2


def field(head, name):
    """The value of a header field."""
    for line in head.split("\r\n")[1:]:
        key, _, value = line.partition(":")
        if key.lower() == name:
            return value.strip()
    return None
