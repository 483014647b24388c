"""The first minute: what `strictgate demo` puts on the terminal."""

import os
import re
import socket
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from strictgate.commands.showcase import ShownAnswer, directly, show, through
from strictgate.demo.upstream import create_demo
from tests.gates import guarding_gate
from tests.servers import serving

DOCUMENT = (
    '{"product":"UltraSound","rating":3,"sentiment":"positive",'
    '"features":["rich sound","comfortable"]}'
)
LAST = "A model of your own:"


@contextmanager
def shown(*arguments, **environment):
    """The command, until the block ends; gives its lines up to the last that it has to say."""
    process = subprocess.Popen(
        [sys.executable, "-m", "strictgate", "demo", *arguments],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    lines = []
    try:
        for line in process.stdout:
            lines.append(line)
            if line.startswith(LAST):
                break
        yield lines
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_one_command():
    """It asks, says what came, and goes on serving; the addresses that it names answer."""
    with shown("--port", "0") as lines:
        text = "".join(lines)
        pages = re.findall(r"http://[^ \n#\"]+/inspector", text)
        assert len(pages) == 4
        with urllib.request.urlopen(pages[-1]) as answer:
            assert answer.status == 200


def test_a_port_that_is_taken():
    """Another one is taken where none was asked for."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with shown(STRICTGATE_SERVER__PORT=port) as lines:
            assert re.fullmatch(r"Strictgate listening on http://127\.0\.0\.1:\d+\n", lines[0])
            assert not lines[0].endswith(f":{port}\n")
            assert lines[-1].startswith(LAST)


def test_a_client_key():
    """Where the gateway wants a key, it is sent."""
    with shown("--port", "0", STRICTGATE_SERVER__API_KEYS="k") as lines:
        assert "invalid_api_key" not in "".join(lines)


def test_what_is_shown():
    """Of each model both answers: what is wrong with the one, what was done for the other."""
    blocks = []
    with serving(create_demo()) as demo, guarding_gate(demo) as gate:
        show(demo, gate.url, write=blocks.append)

    refused, refused_mended, bad, bad_mended, prose, prose_error = (
        block for block in blocks if block.startswith("   ")
    )
    assert "directly: 400" in refused
    assert "does not support response format `json_schema`" in refused
    assert "`native` is refused by the host, so `json_object` was asked for" in refused_mended
    assert "directly: 200" in bad
    assert "missing properties: 'features'" in bad
    for mended in (refused_mended, bad_mended):
        assert "through Strictgate: 200" in mended
        assert DOCUMENT in mended
    assert "stopped at the first wrong byte" in bad_mended
    assert "string_to_number /rating" in bad_mended
    assert "not JSON" in prose
    assert "through Strictgate: 400" in prose_error
    assert "json_validate_failed" in prose_error
    assert DOCUMENT not in prose_error


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        (DOCUMENT, 0),
        ("{", 1),
        (DOCUMENT.replace("positive", "fine"), 1),
        (f"Here: {DOCUMENT}", 1),
    ],
)
def test_what_is_wrong(text, faults):
    """Each fault of the upstream's answer is a line."""
    answer = ShownAnswer(200, {"choices": [{"message": {"content": text}}]})
    assert directly(answer).count("wrong:") == faults


def test_an_answer_without_details():
    """Nothing is said of what is not told."""
    error = ShownAnswer(401, {"error": {"message": "No.", "code": "invalid_api_key"}})
    assert "done:" not in through(error)


def test_the_readme_shows_it():
    """What the README quotes is what is written, but for the page's address."""
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    quoted = readme.partition("\n2. A model that")[2].partition("\n```\n\n")[0].splitlines()
    assert len(quoted) > 10
    with serving(create_demo()) as demo, guarding_gate(demo) as gate:
        blocks: list[str] = []
        show(demo, gate.url, write=blocks.append)
    written = "\n".join(blocks).partition("\n2. A model that")[2].splitlines()
    assert [line.rstrip() for line in written[: len(quoted)]] == quoted
