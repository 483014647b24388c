"""Checks of values in JSON, as data: `at` a path, and what is to be found there.

A path is names and places with dots between them; `*` is every one. `[type=x]` in front of a name
takes only objects of that type. A check says one of:

    is      this value is among what is found.      not     it is not.
    list    these are what is found, in order.      has     some string found contains this.
    absent  nothing is found.                       some    something is found that is not empty.
    in      something is found, and each is one of these.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

Check = dict[str, Any]


def wrong(checks: Sequence[Check], value: Any) -> list[str]:
    """Return the checks that fail, with what was found."""
    failed = []
    for check in checks:
        found = list(at(value, check["at"].split(".")))
        if not _holds(check, found):
            failed.append(f"{json.dumps(check)}: found {json.dumps(found)[:300]}")
    return failed


def at(value: Any, path: Sequence[str]) -> Iterator[Any]:
    """Yield what is at the path."""
    if path in ([], [""]):
        yield value
        return
    step, rest = path[0], path[1:]
    if step.startswith("[type="):
        if isinstance(value, dict) and value.get("type") == step[6:-1].replace("/", "."):
            yield from at(value, rest)
    elif step == "*":
        members = value.values() if isinstance(value, dict) else value
        for each in members if isinstance(value, dict | list) else ():
            yield from at(each, rest)
    elif isinstance(value, dict) and step in value:
        yield from at(value[step], rest)
    elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
        yield from at(value[int(step)], rest)


def _holds(check: Check, found: list[Any]) -> bool:
    tests = {
        "is": lambda wanted: wanted in found,
        "not": lambda wanted: wanted not in found,
        "list": lambda wanted: wanted == found,
        "has": lambda wanted: any(wanted in _string(each) for each in found),
        "absent": lambda _: not found,
        "some": lambda _: any(found),
        "in": lambda wanted: bool(found) and all(each in wanted for each in found),
    }
    return all(test(check[name]) for name, test in tests.items() if name in check)


def _string(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
