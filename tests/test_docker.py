"""The Dockerfile's promises, read from it: no engine is needed to break them."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
LINES = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text()).splitlines()


def arguments(instruction):
    """What follows `instruction` on each of its lines."""
    return [
        line.removeprefix(instruction).strip() for line in LINES if line.startswith(instruction)
    ]


def test_several_stages():
    """What builds is not what runs; both start from the same pinned minor version."""
    images = [line.split()[0] for line in arguments("FROM")]

    assert len(images) == 2
    assert len(set(images)) == 1
    assert re.fullmatch(r"python:3\.\d+-slim", images[0])


def test_user_without_rights():
    """The last word on the user is a number that is not root's, and nothing is copied after it."""
    last = [line.split()[0] for line in LINES if line and not line.startswith((" ", "#"))]

    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", arguments("USER")[-1])
    assert not {"COPY", "ADD", "RUN"} & set(last[last.index("USER") :])


def test_exec_form():
    """Signals reach the server: no shell stands between."""
    for instruction in ("ENTRYPOINT", "CMD"):
        assert all(isinstance(word, str) for word in json.loads(arguments(instruction)[-1]))
    check = arguments("HEALTHCHECK")[-1].partition("CMD")[2]
    assert "/healthz" in json.loads(check)[-1]


def test_hashes():
    """What is installed is what was locked."""
    installs = [line for line in arguments("RUN") if "requirements.lock" in line]

    assert installs
    assert all("--require-hashes" in line for line in installs)


def test_reachable_from_outside():
    """It binds all addresses, where a client key is needed (tests/commands/test_serve.py)."""
    assert any("STRICTGATE_SERVER__HOST=0.0.0.0" in line for line in LINES)
