"""What a scrape says, and the kernel of descriptors, as one row of the table."""

import os
import re

CLASSES = ["main", "wal", "shm", "socket", "other"]
COLUMNS = ["seconds", *CLASSES, "descriptors", "resident_mib", "engines", "connections", "beyond",
           "sessions", "wal_mib", "requests"]
SAMPLE = re.compile(r"^(\w+)(\{[^}]*\})? (\S+)", re.MULTILINE)


def descriptors(process):
    """By class, as coffer_descriptors has them, but of this moment."""
    counts = dict.fromkeys(CLASSES, 0)
    folder = f"/proc/{process}/fd"
    for name in os.listdir(folder):
        try:
            path = os.readlink(f"{folder}/{name}").removesuffix(" (deleted)")
        except FileNotFoundError:
            continue
        if path.startswith("socket:"):
            counts["socket"] += 1
        else:
            endings = {".db": "main", ".db-wal": "wal", ".db-shm": "shm"}
            counts[endings.get(os.path.splitext(path)[1], "other")] += 1
    return counts


def sample(text, process, seconds, requests):
    values = {name + labels: float(value) for name, labels, value in SAMPLE.findall(text)}

    def total(name):
        return sum(value for key, value in values.items() if key.startswith(name + "{"))

    row = descriptors(process)
    return row | {
        "seconds": round(seconds, 1),
        "descriptors": sum(row.values()),
        "resident_mib": round(values["process_resident_memory_bytes"] / 2**20, 3),
        "engines": total("coffer_engines"),
        "connections": total("coffer_connections"),
        # A connection holds its database and its log: what grows beyond that has been lost.
        "beyond": row["main"] + row["wal"] - 2 * total("coffer_connections"),
        "sessions": values["coffer_sessions_active"],
        "wal_mib": round(values["coffer_wal_bytes"] / 2**20, 3),
        "requests": requests,
    }
