"""The examples run as they are, and print what they say that they print."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.gates import gate

EXAMPLES = Path(__file__).parent.parent / "examples"
PRINTED = {
    "chat_create.py": [
        r'document: \{"product": .*"sentiment": "(positive|neutral|negative)"\}',
        r"mode: json_object",
        r"refused: native \(This model does not support response format `json_schema`",
        r"repair: fence_removed",
    ],
    "chat_parse.py": [
        r"step 1: \w.* → \w",
        r"step 2: \w.* → \w",
        r"answer: .+ \((easy|hard)\)",
        r"attempt: invalid jsonschema: ",
        r"attempt: valid",
    ],
    "chat_stream.py": [
        r"\{.*\}",
        r"A journey of ([1-9]|1[0-4]) days with [2-4] stops\.",
    ],
    "tool_call.py": [
        r"repair: string_to_number /tool_calls/0/function/arguments/days",
        r'call: forecast \{"city":"\w+","days":[1-7],"unit":"celsius"\}',
        r"result: \w+: [1-7] days of sun, 21 degrees celsius",
        r"answer: .*demonstration model",
    ],
    "responses_api.py": [
        r"status: completed",
        r"event: '.+' in '.+' with \d+ participants",
        r"mode: prompt",
    ],
    "groq_sdk.py": [
        r"demo/no-json-schema: \{'mood': '(angry|calm)'\}",
        r'demo/wrong-enum: json_validate_failed, the model wrote \{"mood":"happy"\}',
    ],
    "plain_http.py": [
        r"status: 400",
        r"type: invalid_request_error",
        r"code: json_validate_failed",
        r"message: Generated JSON does not match the expected schema\.",
        r'failed_generation: \{"mood":"happy"\}',
        r"schema path: /properties/mood/enum",
    ],
}
"""What the lines of each begin with, in their order."""


def run(*arguments, **variables):
    """Run Python with a clean environment, so that no key or address of the caller's gets in."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        env=kept | {"PYTHONIOENCODING": "utf-8"} | variables,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


@pytest.fixture(scope="module")
def fresh(demo):
    """A gateway that has learned nothing yet: some examples print what it learns."""
    with gate(demo) as running:
        yield running


@pytest.mark.parametrize("name", PRINTED)
def test_it_prints_what_it_promises(name, fresh):
    """Each line as expected, and no warning."""
    finished = run(EXAMPLES / name, f"{fresh.url}/v1")

    assert (finished.returncode, finished.stderr) == (0, "")
    lines = finished.stdout.splitlines()
    assert len(lines) == len(PRINTED[name]), lines
    for line, pattern in zip(lines, PRINTED[name], strict=True):
        assert re.match(pattern, line), line


def test_every_example_is_run_and_listed():
    """A new one needs its lines above, and its line in the README."""
    listed = (EXAMPLES / "README.md").read_text(encoding="utf-8")

    assert {path.name for path in EXAMPLES.glob("*.py")} == set(PRINTED)
    for path in EXAMPLES.iterdir():
        assert path.name == "README.md" or f"({path.name})" in listed, path.name


@pytest.mark.parametrize(
    ("model", "upstream", "known_as"),
    [
        ("fast", "groq", "openai/gpt-oss-20b"),
        ("careful", "moonshot", "kimi-k2-0905-preview"),
        ("private", "local", "private"),
        ("another", "groq", "another"),
    ],
)
def test_the_configuration_sends_each_model_to_its_upstream(model, upstream, known_as, tmp_path):
    """The example of several upstreams is a whole configuration."""
    wanted = {"type": "json_object"}
    messages = [{"role": "user", "content": "Say hi in JSON."}]
    request = tmp_path / "request.json"
    request.write_text(
        json.dumps({"model": model, "messages": messages, "response_format": wanted})
    )

    config = EXAMPLES / "several_upstreams.toml"
    keys = dict.fromkeys(("GROQ_API_KEY", "MOONSHOT_API_KEY"), "sk-example")
    finished = run("-m", "strictgate", "plan", request, "--config", config, **keys)

    assert finished.returncode == 0, finished.stderr
    first = json.loads(finished.stdout)["requests"][0]
    assert (first["upstream"], first["body"]["model"]) == (upstream, known_as)
