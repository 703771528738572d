#!/usr/bin/env python3
"""Asks a Prometheus what the dashboard and the alerts ask; exit 1 if an answer is empty.

usage: queries.py URL --seconds SECONDS [--idle]

Of the last SECONDS every query of the dashboard must have a series with a number in it. With --idle, when nothing has
happened yet, it may be NaN: the quantile of nothing. Of an alert the part before its last comparison must have a value.
"""

import argparse
import json
import math
import os
import re
import sys
import time
import urllib.parse
import urllib.request

FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# What Grafana puts in the place of its variables.
VARIABLES = {"$__rate_interval": "30s", "$instance": ".*"}


def ask(url, path, **parameters):
    with urllib.request.urlopen(f"{url}{path}?{urllib.parse.urlencode(parameters)}") as reply:
        return json.load(reply)["data"]


def dashboard_queries():
    """Title of the panel and query, for each target of each panel."""
    with open(os.path.join(FOLDER, "grafana/dashboards/coffer.json")) as file:
        panels = json.load(file)["panels"]
    for panel in panels:
        for target in panel.get("targets", []):
            query = target["expr"]
            for name, value in VARIABLES.items():
                query = query.replace(name, value)
            yield panel["title"], query


def numbers(series, may_be_nan):
    values = [float(value) for one in series for _, value in one.get("values", [one.get("value")])]
    return [value for value in values if may_be_nan or not math.isnan(value)]


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].split("\n\n")[0])
    parser.add_argument("url")
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--idle", action="store_true")
    options = parser.parse_args()
    now = time.time()
    empty = 0
    print(f"{'series':>6} {'last':>12}  query")
    for title, query in dashboard_queries():
        series = ask(
            options.url, "/api/v1/query_range", query=query, start=now - options.seconds, end=now, step=5)["result"]
        found = numbers(series, options.idle)
        empty += not found
        print(f"{len(series):6} {found[-1] if found else 'EMPTY':>12.6}  {title}: {query}")
    for group in ask(options.url, "/api/v1/rules")["groups"]:
        for rule in group["rules"]:
            left = re.fullmatch(r"(.+) [<>] [0-9.e+]+", rule["query"].replace("\n", " "))[1]
            found = numbers(ask(options.url, "/api/v1/query", query=left)["result"], options.idle)
            empty += not found or rule["health"] != "ok"
            print(
                f"{len(found):6} {found[-1] if found else 'EMPTY':>12.6}  alert {rule['name']}, {rule['health']}, "
                f"{rule['state']}: {left}")
    print(f"{empty} empty")
    return 1 if empty else 0


sys.exit(main())
