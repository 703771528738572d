"""What a scrape says, as one row of the table."""

import re

CLASSES = ["main", "wal", "shm", "socket", "other"]
COLUMNS = ["seconds", *CLASSES, "descriptors", "resident_mib", "engines", "connections", "beyond",
           "sessions", "wal_mib", "requests"]
SAMPLE = re.compile(r"^(\w+)(\{[^}]*\})? (\S+)", re.MULTILINE)


def sample(text, seconds, requests):
    values = {name + labels: float(value) for name, labels, value in SAMPLE.findall(text)}

    def total(name):
        return sum(value for key, value in values.items() if key.startswith(name + "{"))

    row = {kind: values[f'coffer_descriptors{{class="{kind}"}}'] for kind in CLASSES}
    return row | {
        "seconds": round(seconds, 1),
        "descriptors": total("coffer_descriptors"),
        "resident_mib": round(values["process_resident_memory_bytes"] / 2**20, 3),
        "engines": total("coffer_engines"),
        "connections": total("coffer_connections"),
        # A connection holds its database and its log: what grows beyond that has been lost.
        "beyond": row["main"] + row["wal"] - 2 * total("coffer_connections"),
        "sessions": values["coffer_sessions_active"],
        "wal_mib": round(values["coffer_wal_bytes"] / 2**20, 3),
        "requests": requests,
    }
