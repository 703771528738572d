"""A data directory of 10,000 users, of whom 1,000 have a session. It takes a minute to make: later runs use it too."""

import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor

from harness.coffer import Coffer
from harness.paths import COFFER, OUTPUT
from harness.population import register

USERS, WITH_SESSION = 10_000, 1_000
FOLDER = OUTPUT / "many-users"
TOKENS = FOLDER / "tokens.json"
# A hash of a password takes 8 KiB instead of 64 MiB: no password is checked in what is measured with these users. And none
# is so old that the server makes a backup when its engine is opened.
SETTINGS = {
    "COFFER_PASSWORD_MEMORY": "8KiB", "COFFER_PASSWORD_OPERATIONS": 1,
    "COFFER_SESSION_IDLE_TIMEOUT": "30d", "COFFER_SESSION_LIFETIME": "30d",
    "COFFER_BACKUP_INTERVAL": "30d"}
KEPT_FOR = 7 * 24 * 3600


def many_users():
    """A server of these users, to be entered, and the tokens of those with a session."""
    if not TOKENS.exists() or TOKENS.stat().st_mtime < max(COFFER.stat().st_mtime, time.time() - KEPT_FOR):
        shutil.rmtree(FOLDER, ignore_errors=True)
        tokens = fill()
        TOKENS.write_text(json.dumps(tokens))
    return Coffer(FOLDER, **SETTINGS), json.loads(TOKENS.read_text())


def fill():
    with Coffer(FOLDER, **SETTINGS) as server, ThreadPoolExecutor(8) as pool:
        def make(number):
            with server.client() as client:
                return register(client, f"user-{number}", has_session=number < WITH_SESSION)
        return [token for token in pool.map(make, range(USERS)) if token]
