"""What the inspector's API shows of a gateway."""

import time
from typing import Any

from tests.gates import Gate

ROOT = "/inspector/api"


def listed(running: Gate) -> list[dict[str, Any]]:
    """The rows, once all of them are over: an answer may be here a moment before that."""
    for _ in range(500):
        rows = running.get(f"{ROOT}/requests").json
        if all(row["outcome"] != "open" for row in rows):
            return rows
        time.sleep(0.01)
    raise AssertionError(rows)


def latest(running: Gate) -> dict[str, Any]:
    """The request that came last, with all that was said."""
    return running.get(f"{ROOT}/requests/{listed(running)[0]['id']}").json
