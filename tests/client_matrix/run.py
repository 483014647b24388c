"""Real clients, unchanged, against a gateway: `make test-clients`.

Two things are tried. *Documents*: every way of asking for a schema, in every case of shared.py.
*Sessions*: conversations with tools, as each client holds them by itself, against a host that has
everything and one that has text alone, with the gateway's default settings. What must hold is
checked; what the user of each client sees is printed as rows of docs/clients.md.

    python -m tests.client_matrix.run [environment …]
"""

import itertools
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from strictgate.demo.upstream import create_demo
from tests.client_matrix import documents, programs, sessions
from tests.client_matrix.environments import (
    ENVIRONMENTS,
    Node,
    Python,
    install,
    script_rows,
    version_of,
)
from tests.client_matrix.scripted import MODEL, ScriptedUpstream
from tests.client_matrix.shared import CASES
from tests.gates import gate
from tests.servers import serving

ALL_TOOLS = {"tools": "all"}  # most frameworks do not mark their functions as strict
HOSTS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "everything": ("everything", {}),
    "text alone": ("text-only", {}),
    "particular": ("particular", {}),
    "everything, not kept": ("everything", {"store": {"path": "off"}}),
}
"""The upstream of each gateway, and what is set."""
NOT_KEPT = "everything, not kept"
RESPONSES_ONLY = {"node", "ai7", "openai3"}  # whose clients refer to what was kept
PROGRAMS: Mapping[str, tuple[str, Callable[..., Iterator[dict[str, Any]]]]] = {
    "codex": ("@openai/codex", programs.codex_rows),
    "opencode": ("opencode-ai", programs.opencode_rows),
}
Row = dict[str, Any]


def document_rows(name: str, url: str) -> Iterator[Row]:
    match ENVIRONMENTS[name]:
        case Python(documents=(script, clients)):
            yield from script_rows(name, script, clients, url, cases=CASES)
        case Node(documents=True):
            yield from script_rows(name, "ways.mjs", (), url, cases=CASES)


def session_rows(name: str, url: str, upstream: ScriptedUpstream) -> Iterator[Row]:
    told = {"model": MODEL, "sessions": sessions.PROMPTS}
    match ENVIRONMENTS[name]:
        case Python() as found:
            if found.sessions:
                yield from script_rows(name, "sessions_python.py", found.sessions, url, **told)
            if found.suite:
                yield from script_rows(name, found.suite, (), url, **told)
        case Node(program=None):
            yield from script_rows(name, "sessions.mjs", (), url, **told)
        case Node(program=str(program)):
            place = install(name)
            package, rows = PROGRAMS[name]
            path = place / "node_modules" / ".bin" / program
            yield from rows(path, version_of(place, package), url, upstream)


def is_good(row: Row) -> bool:
    """Whether a row of a session is right; of somebody else's suite, and of an agent: it passed."""
    if row["case"] in sessions.OUTCOMES and isinstance(row.get("value"), dict):
        return sessions.is_as_expected(row)
    return "raised" not in row or sessions.is_as_expected(row)


def missing(rows: Sequence[Row], tried: Sequence[Row], names: Sequence[str]) -> list[str]:
    """What should have been tried and was not: a client without rows, a way without a case."""
    absent = []
    for name in names:
        match ENVIRONMENTS[name]:
            case Python() as found:
                absent += _absent(rows, found.documents[1] if found.documents else (), "documents")
                absent += _absent(tried, found.sessions, "sessions")
            case Node() as found:
                clients = [f"{each} (Node)" for each in found.sessions]
                absent += _absent(rows, clients if found.documents else (), "documents")
                absent += _absent(tried, clients, "sessions")
                absent += _absent(tried, [PROGRAMS[name][0]] if found.program else (), "sessions")
    ways: dict[tuple[str, str, str], set[str]] = {}
    for row in rows:
        ways.setdefault((row["client"], row["version"], row["way"]), set()).add(row["case"])
    return absent + [f"{way}: not every case" for way, seen in ways.items() if seen != {*CASES}]


def _absent(rows: Sequence[Row], clients: Sequence[str], what: str) -> list[str]:
    seen = {row["client"] for row in rows}
    return [f"{each}: no {what}" for each in clients if each not in seen]


def main() -> int:
    names = sys.argv[1:] or [*ENVIRONMENTS]
    asked: list[Row] = []
    held: list[Row] = []
    for name in names:
        install(name)
    with serving(create_demo()) as demo, gate(demo, enforcement=ALL_TOOLS) as running:
        for name in names:
            asked += document_rows(name, running.url)
    scripted = ScriptedUpstream()
    with serving(scripted) as upstream:
        for name, host in itertools.product(names, HOSTS):
            path, settings = HOSTS[host]
            if host == NOT_KEPT and name not in RESPONSES_ONLY:
                continue
            # one that has learned nothing, for each client
            print(f"{name}: sessions, {host}", file=sys.stderr)
            with gate(f"{upstream}/{path}", **settings) as running:
                found = [row | {"host": host} for row in session_rows(name, running.url, scripted)]
                held += [row | {"good": is_good(row)} for row in found]
    bad = [row for row in asked if not documents.is_as_promised(row)]
    bad += [row for row in held if not row["good"]]
    print("\n".join(documents.table(asked)), end="\n\n")
    print("\n".join(sessions.table(held, [*HOSTS])), end="\n\n")
    for row in bad:
        print("NOT AS PROMISED:", json.dumps(row))
    absent = missing(asked, held, names)
    for each in absent:
        print("NOT TRIED:", each)
    print(f"{len(asked + held) - len(bad)} passed, {len(bad)} failed, {len(absent)} not tried")
    return bool(bad or absent)


if __name__ == "__main__":
    raise SystemExit(main())
