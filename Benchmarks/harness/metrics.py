"""What a scrape of /metrics says."""

import re

from harness.requests import request

SAMPLE = re.compile(r"^(\w+)(\{[^}]*\})? (\S+)", re.MULTILINE)


def total(client, name):
    """The sum over a metric's series."""
    text = client.send(request("GET", "/metrics")).body.decode()
    return sum(float(value) for found, _, value in SAMPLE.findall(text) if found == name)
