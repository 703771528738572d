"""A token leads to its user's database, and to no other. DIRECTORY names the folder that holds `tokens`."""

import os
from pathlib import Path

from datasette import hookimpl

USERS = {
    token: name.removesuffix(".db")
    for token, name in map(str.split, (Path(os.environ["DIRECTORY"]) / "tokens").open())}


@hookimpl
def actor_from_request(request):
    user = USERS.get(request.headers.get("authorization", "").removeprefix("Bearer "))
    return {"id": user} if user else None


@hookimpl
def permission_allowed(actor, action, resource):
    if action in ("view-database", "execute-sql"):
        return actor is not None and resource == actor["id"]
    return None
