#!/usr/bin/env python3
"""Lets users come and go on a server, and one of them make backups, until the time is over or the server stops.

usage: load.py PORT --seconds SECONDS
"""

import argparse
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../scripts/soak"))
from churn import PASSWORD, Churn
from client import Client


def back_up(port, stopped):
    """A user who stays, writes, and makes a backup every second."""
    client, name = Client(port), f"keeper-{os.getpid()}"
    client.call("POST", "/v1/users", 201, body={"username": name, "password": PASSWORD})
    token = client.call("POST", "/v1/sessions", 201, body={"username": name, "password": PASSWORD})["token"]
    client.call("POST", "/v1/query", 200, token, {"sql": "CREATE TABLE entries (content BLOB)"})
    while not stopped.wait(1):
        client.call("POST", "/v1/query", 200, token, {"sql": "INSERT INTO entries VALUES (randomblob(100000))"})
        client.call("POST", "/v1/backups", 201, token, {})


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1])
    parser.add_argument("port", type=int)
    parser.add_argument("--seconds", type=float, required=True)
    options = parser.parse_args()
    churn = Churn(options.port, clients=8, users=80)
    backups = threading.Thread(target=back_up, args=(options.port, churn.stopped), daemon=True)
    end = time.monotonic() + options.seconds
    churn.start()
    backups.start()
    while not churn.failures and time.monotonic() < end:
        time.sleep(0.1)
    churn.stop()
    backups.join()
    print(f"{churn.requests} requests; failures: {churn.failures or 'none'}")
    return 1 if churn.failures else 0


sys.exit(main())
