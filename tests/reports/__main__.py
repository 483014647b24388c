"""Plays the cases whose keys begin with one of the arguments (all, without), and prints a line for
each; with --got only those that came otherwise than the row's `got` says, both lines of each.
"""

import re
import sys

from tests.reports.client import stage
from tests.reports.rows import Case, cases
from tests.reports.telling import told

_OWN = re.compile(r"'(?:up|c\d+)'|call_[0-9a-f]{24}|\s+")


def main(arguments: list[str]) -> None:
    """Play and print."""
    compares = "--got" in arguments
    keys = tuple(each for each in arguments if not each.startswith("-")) or ("",)
    chosen = {f"c{place}": case for place, case in enumerate(cases()) if case.key.startswith(keys)}
    alike = 0
    with stage(chosen) as running:
        for name, case in chosen.items():
            line = told(case, running.play(name, case))
            if not compares:
                print(f"{case.id}: {line}")
            elif _is_alike(case, line):
                alike += 1
            else:
                print(f"{case.id}\n    got  {case.got}\n    came {line}")
    if compares:
        print(f"{alike} of {len(chosen)} came as the rows say")


def _is_alike(case: Case, line: str) -> bool:
    """Whether it is the same, names and ids that are made up aside; rows cut long messages."""
    wanted, came = (_OWN.sub(" ", text).strip() for text in (case.got or "", line))
    if " err=(" in wanted:
        wanted, _, _ = wanted.rpartition("') done=")
    return came.replace('"Tool', "'Tool").startswith(wanted)


if __name__ == "__main__":
    main(sys.argv[1:])
