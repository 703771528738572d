"""A folder of text files, and the passages in it that answer a query."""

import os
import re


def paths(folder):
    """The text files under `folder`, relative to it, always in the same order."""
    found = []
    for directory, _, names in os.walk(folder):
        found += [os.path.join(directory, name) for name in names if name.endswith((".md", ".txt"))]
    return sorted(os.path.relpath(path, folder) for path in found)


def passages(folder, path, query):
    """The paragraphs of one file that have at least half of the query's words, as findings.

    The key says where a passage stands, so the same passage always has the same key.
    """
    words = set(_words(query))
    heading = path
    for line, text in _paragraphs(os.path.join(folder, path)):
        if text.startswith("#"):
            heading = text.lstrip("# ")
            continue
        matched = sorted(words & set(_words(text)))
        if words and 2 * len(matched) >= len(words):
            yield {
                "key": f"{path}:{line}",
                "kind": "passage",
                "title": heading[:200],
                "url": f"file:{path}",
                "content": text,
                "data": {"line": line, "words": matched},
            }


def _paragraphs(path):
    """What stands between empty lines, with the number of its first line."""
    with open(path, encoding="utf-8", errors="replace") as file:
        lines = file.read().splitlines() + [""]
    start, block = 0, []
    for number, line in enumerate(lines, 1):
        if line.strip():
            start = start or number
            block.append(line)
        elif block:
            yield start, "\n".join(block)
            start, block = 0, []


def _words(text):
    return re.findall(r"\w+", text.lower())
