"""Agents that are programs of their own: Codex CLI and opencode, in a folder that is thrown away.

Each session is one run or two of the program. What it did is seen in its folder, in what it said at
the end, and in the results that the upstream was sent.
"""

import json
import os
import struct
import subprocess
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.client_matrix.scripted import MODEL, ScriptedUpstream, steps

SAY = {"say": "Finished."}
SLOW = 120  # seconds, for one run
Row = dict[str, Any]


@dataclass(frozen=True)
class Session:
    """What an agent is asked to do, and what there is to see afterwards."""

    prompts: Sequence[str]
    files: Mapping[str, str]
    """Contents of files in its folder."""
    results: Sequence[str] = ()
    """Words that must stand in what the upstream was sent, in this order."""


def _session(*given: Any, files: Mapping[str, str] = {}, results: Sequence[str] = ()) -> Session:
    return Session([steps(*given, SAY)], files, results)


def _shell(command: str) -> dict[str, Any]:
    return {"call": "exec_command", "with": {"cmd": command}}


_PATCH = "*** Begin Patch\n*** Update File: a.txt\n@@\n-one\n+two\n*** End Patch\n"
_WAIT = {"call": "wait_agent", "with": {"targets": ["nobody"]}}
_NOBODY = "invalid agent id nobody"
_PICTURE = "picture.png"

CODEX: Mapping[str, Mapping[str, Session]] = {
    MODEL: {  # a name that it does not know: functions, a namespace, web search
        "shell": _session(_shell("echo made > made.txt"), files={"made.txt": "made\n"}),
        "words and a call": _session(
            {"say": "Let me look.", **_shell("cat a.txt")}, results=["one"]
        ),
        "two calls": _session(
            {"calls": [_shell("echo 1 > x.txt"), _shell("echo 2 > y.txt")]},
            files={"x.txt": "1\n", "y.txt": "2\n"},
        ),
        "namespace": _session(_WAIT, results=[_NOBODY]),
        "two turns": Session(
            [
                steps(_shell("echo 1 > x.txt"), SAY),
                steps(_shell("echo 2 >> x.txt"), SAY),
            ],
            {"x.txt": "1\n2\n"},
        ),
    },
    "gpt-5.5": {  # custom tools, a search for tools
        "apply_patch": _session({"call": "apply_patch", "with": _PATCH}, files={"a.txt": "two\n"}),
        "tool_search": _session(
            {"call": "tool_search", "with": {"query": "agents"}}, _WAIT, results=[_NOBODY]
        ),
        "view_image": _session(
            {"call": "view_image", "with": {"path": _PICTURE}}, results=["data:image/png;base64,"]
        ),
    },
    "gpt-6-sol": {  # tools as an item of the input, namespaces of custom tools
        "exec": _session({"call": "exec", "with": 'text("hello " + 6 * 7)'}, results=["hello 42"]),
    },
}
"""By the names of models, as Codex offers other tools for each; all are the same upstream model."""

_BASH = {"call": "bash", "with": {"command": "echo made > made.txt", "description": "makes it"}}
OPENCODE: Mapping[str, Session] = {
    "bash": _session(_BASH, files={"made.txt": "made\n"}),
    "words and a call": _session({"say": "Let me look.", **_BASH}, files={"made.txt": "made\n"}),
    "edit": _session(
        {"call": "read", "with": {"filePath": "a.txt"}},
        {"call": "edit", "with": {"filePath": "a.txt", "oldString": "one", "newString": "two"}},
        files={"a.txt": "two\n"},
    ),
    "two turns": Session(
        [
            steps(_BASH, SAY),
            steps({"call": "bash", "with": {"command": "cat made.txt", "description": "x"}}, SAY),
        ],
        {},
        ["made"],
    ),
}
PROVIDERS = {"chat": "@ai-sdk/openai-compatible", "responses": "@ai-sdk/openai"}
Run = Callable[[Path, str, bool], str]
"""Does one prompt in a folder, as a new session or going on; gives what was said last."""


def codex_rows(program: Path, version: str, url: str, upstream: ScriptedUpstream) -> Iterator[Row]:
    """Run every session of Codex against the gateway at `url`."""
    for model, sessions in CODEX.items():
        for case, session in sessions.items():
            row = {"client": "@openai/codex", "version": version, "way": model, "case": case}
            yield row | _held(session, _codex(program, url, model), upstream)


def opencode_rows(
    program: Path, version: str, url: str, upstream: ScriptedUpstream
) -> Iterator[Row]:
    """Run every session of opencode, through both its providers."""
    for provider, package in PROVIDERS.items():
        for case, session in OPENCODE.items():
            row = {"client": "opencode-ai", "version": version, "way": provider, "case": case}
            yield row | _held(session, _opencode(program, url, package), upstream)


def _held(session: Session, run: Run, upstream: ScriptedUpstream) -> Row:
    said = ""
    upstream.asked.clear()
    with tempfile.TemporaryDirectory() as made:
        home = Path(made)
        folder = home / "work"
        folder.mkdir()
        (folder / "a.txt").write_text("one\n")
        (folder / _PICTURE).write_bytes(_picture())
        try:
            for place, prompt in enumerate(session.prompts):
                said = run(home, prompt, place > 0)
        except (subprocess.SubprocessError, RuntimeError) as error:
            return {"raised": type(error).__name__, "message": str(error)[-2000:]}
        wrong = [
            f"{name} holds {_content(folder / name)!r}"
            for name, content in session.files.items()
            if _content(folder / name) != content
        ]
    sent = json.dumps([body["messages"] for _, body in upstream.asked], ensure_ascii=False)
    wrong += [f"the upstream was not sent {each!r}" for each in session.results if each not in sent]
    if said != SAY["say"]:
        wrong.append(f"it said {said!r} at the end")
    return {"raised": "wrong", "message": "; ".join(wrong)} if wrong else {"value": "done"}


def _content(path: Path) -> str | None:
    return path.read_text() if path.exists() else None


def _codex(program: Path, url: str, model: str) -> Run:
    provider = {
        "name": "Strictgate",
        "base_url": f"{url}/v1",
        "wire_api": "responses",
        "env_key": "STRICTGATE_KEY",
    }
    lines = ['model_provider = "strictgate"', "[model_providers.strictgate]"]
    lines += [f"{key} = {json.dumps(value)}" for key, value in provider.items()]
    lines += ["[analytics]", "enabled = false"]

    def run(home: Path, prompt: str, goes_on: bool) -> str:
        state = home / "codex"
        state.mkdir(exist_ok=True)
        (state / "config.toml").write_text("\n".join(lines) + "\n")
        options = ["--json", "--skip-git-repo-check", "-m", model]
        options.append("--dangerously-bypass-approvals-and-sandbox")  # in a folder of its own
        asked = (
            ["exec", "resume", *options, "--last", prompt]
            if goes_on
            else ["exec", *options, prompt]
        )
        more = {"CODEX_HOME": str(state), "STRICTGATE_KEY": "k"}
        events = _events([str(program), *asked], home, more)
        for each in events:
            if each["type"] in ("error", "turn.failed"):
                raise RuntimeError(json.dumps(each))
        texts = [
            each["item"]["text"]
            for each in events
            if each["type"] == "item.completed" and each["item"]["type"] == "agent_message"
        ]
        return texts[-1] if texts else ""

    return run


def _opencode(program: Path, url: str, package: str) -> Run:
    provider = {
        "npm": package,
        "name": "Strictgate",
        "options": {"baseURL": f"{url}/v1", "apiKey": "k"},
        "models": {MODEL: {"name": MODEL}},
    }
    config = {"autoupdate": False, "share": "disabled", "provider": {"strictgate": provider}}

    def run(home: Path, prompt: str, goes_on: bool) -> str:
        (home / "work" / "opencode.json").write_text(json.dumps(config))
        options = ["--format", "json", "-m", f"strictgate/{MODEL}"]
        options += ["--continue"] if goes_on else []
        switches = ("MODELS_FETCH", "AUTOUPDATE", "LSP_DOWNLOAD", "SHARE", "DEFAULT_PLUGINS")
        more = {f"OPENCODE_DISABLE_{each}": "1" for each in switches}
        events = _events([str(program), "run", *options, prompt], home, more)
        for each in events:
            if each["type"] == "error":
                raise RuntimeError(json.dumps(each["error"]))
        texts = [each["part"]["text"] for each in events if each["type"] == "text"]
        return texts[-1] if texts else ""

    return run


def _events(command: Sequence[str], home: Path, more: Mapping[str, str]) -> list[dict[str, Any]]:
    """Run a program that prints its events as lines of JSON, with nothing of the caller's state."""
    places = {"DATA": "data", "CONFIG": "config", "STATE": "state", "CACHE": "cache"}
    environment = {f"XDG_{key}_HOME": str(home / name) for key, name in places.items()}
    environment |= {"PATH": os.environ["PATH"], "HOME": str(home), **more}
    done = subprocess.run(
        command,
        cwd=home / "work",
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SLOW,
        check=False,
    )
    events = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if not events:
        raise RuntimeError(f"It ended with {done.returncode}: {done.stderr}")
    return events


def _picture() -> bytes:
    """Return a red PNG of one pixel."""
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"\0\xff\0\0")),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
