"""Requests as the bytes that go over the wire."""

import json

# What the load generators put between the requests of a file.
SEPARATOR = b"\0"


def request(method, path, body=None, token=None, fields=()):
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *fields]
    content = b"" if body is None else json.dumps(body).encode()
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    return "\r\n".join([*lines, "", ""]).encode() + content


def query(token, sql, *arguments, fields=()):
    return request("POST", "/v1/query", {"sql": sql, "args": arguments}, token, fields)


def save(requests, path):
    path.write_bytes(SEPARATOR.join(requests))
    return path
