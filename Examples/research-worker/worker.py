#!/usr/bin/env python3
"""Searches a folder of text files for a query, as a research that outlives its user's session. See README.md."""

import argparse
import getpass
import json
import os
import sys
import time

import documents
from coffer import Refused, Server


def main():
    arguments = parse()
    if arguments.dry_run:
        for path in documents.paths(arguments.documents):
            for passage in documents.passages(arguments.documents, path, arguments.query):
                print(json.dumps(passage))
        return
    server = Server(arguments.server)
    try:
        research = start(server, arguments)
        result = work(server, research, arguments)
    except Refused as refusal:
        sys.exit(f"worker: {refusal}")
    print(json.dumps(result))


def start(server, arguments):
    """Starts the research as its user, and logs out: from here on the research's own token is enough."""
    password = os.environ.get("COFFER_PASSWORD") or getpass.getpass()
    # These calls are not sent twice: each would make another session, or another research.
    session = server.call(
        "POST", "/v1/sessions", {"username": arguments.user, "password": password}, retry=False)
    server.token = session["token"]
    research = server.call(
        "POST", "/v1/research",
        {"title": arguments.query, "query": arguments.query, "lease_seconds": arguments.lease}, retry=False)
    server.call("DELETE", "/v1/sessions/current", retry=False)
    server.token = research["token"]
    print(f"research {research['id']}", flush=True)
    return f"/v1/research/{research['id']}"


def work(server, research, arguments):
    paths = documents.paths(arguments.documents)
    found = 0
    for done, path in enumerate(paths):
        progress = 100 * done // len(paths)
        server.call("POST", f"{research}/heartbeat", {"progress": progress, "message": f"reading {path}"})
        passages = list(documents.passages(arguments.documents, path, arguments.query))
        for first in range(0, len(passages), arguments.batch):
            server.call("POST", f"{research}/findings", {"items": passages[first : first + arguments.batch]})
        found += len(passages)
        print(f"{done + 1}/{len(paths)} {path}: {len(passages)}", flush=True)
        time.sleep(arguments.pause)
    result = {"documents": len(paths), "passages": found}
    try:
        server.call("POST", f"{research}/complete", {"result": result})
    except Refused as refusal:
        # The token dies with the research. If an answer got lost before, it was most likely the one wanted.
        if not (refusal.status == 401 and refusal.again):
            raise
        print("the answer got lost, and the research has ended", file=sys.stderr)
    return result


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("query", help="the words to look for")
    parser.add_argument("--documents", required=True, help="the folder of .md and .txt files")
    parser.add_argument("--server", default="http://127.0.0.1:8080")
    parser.add_argument("--user", help="the user's name; the password comes from COFFER_PASSWORD or a prompt")
    parser.add_argument("--lease", type=int, default=120, help="seconds the server may wait for a sign of life")
    parser.add_argument("--batch", type=int, default=20, help="findings per call")
    parser.add_argument("--pause", type=float, default=0, help="seconds between two documents")
    parser.add_argument("--dry-run", action="store_true", help="print what would be found, without a server")
    arguments = parser.parse_args()
    if not (arguments.dry_run or arguments.user):
        parser.error("--user is needed")
    return arguments


if __name__ == "__main__":
    main()
