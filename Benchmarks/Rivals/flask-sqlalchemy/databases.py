"""Makes the encrypted databases that `tokens` lists: databases.py DIRECTORY SCHEMA"""

import sys
from pathlib import Path

import sqlcipher3


def main(directory, schema):
    for line in (directory / "tokens").open():
        _, name, key = line.split()
        database = sqlcipher3.connect(str(directory / name))
        database.execute(f"PRAGMA key = \"x'{key}'\"")
        database.execute("PRAGMA journal_mode = WAL")
        database.executescript(schema)
        database.close()


main(Path(sys.argv[1]), sys.argv[2])
