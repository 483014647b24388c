"""What README and docs tell a reader to type works: every code block is run, or says why not.

Commands of `strictgate` are parsed by its own parser, and those that end by themselves are run, on
files of the names that the pages use. Of other programs' commands (`make`, `pip`, `kubectl`) it is
checked that they are known here; `make` has tests/test_docs.py. Python runs against a gateway
before the demonstration upstream; TOML is read as a configuration; JavaScript is parsed by Node.
"""

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from strictgate.commands.main import _parser, main
from strictgate.settings.loading import load
from tests.gates import MOOD
from tests.snippets import ROOT, Snippet, snippets

LANGUAGES = {"python", "js", "toml", "yaml", "json", "jsonc", "sh"}
OTHER_PROGRAMS = {
    "make", "pip", "pipx", "uvx", "npm", "docker", "kubectl", "helm", "systemctl", "sudo", "curl",
    "git", "llama-server", "vllm", "ollama", "apt", "bash", "ssh", "python",
}  # fmt: skip
RUN = {
    "check": 0,
    "config": 0,
    "doctor": 0,
    "plan": 0,
}
"""The commands of `strictgate` that end by themselves, with their exit codes."""
KEYS = {"GROQ_API_KEY", "OPENAI_API_KEY", "OPENROUTER_API_KEY", "MOONSHOT_API_KEY"}
SCHEMA = MOOD | {"title": "Mood"}


def each(*languages):
    """The snippets to run, as parameters; those that cannot be are skipped with their reason."""
    return [
        pytest.param(
            it, id=str(it), marks=[pytest.mark.skip(reason=it.why_not)] if it.why_not else []
        )
        for it in snippets(*languages)
    ]


def test_there_are_no_other_languages():
    """A block in a language that nothing below runs would be believed unseen."""
    pages = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/**/*.md")} | {
        "README.md"
    }
    found = set()
    for page in pages:
        found |= set(re.findall(r"^```(\w+)$", (ROOT / page).read_text(), re.MULTILINE))
    assert found <= LANGUAGES


@pytest.mark.parametrize("snippet", each("python"))
def test_python(snippet: Snippet, strictgate):
    """It ends well, against a model that answers right."""
    text = snippet.text.replace("http://127.0.0.1:8080", strictgate.url)
    text = re.sub(r'model="[^"]+"', 'model="demo/clean"', text)
    told = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", f'KEY = "none"\n{text}'],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert told.returncode == 0, told.stderr


@pytest.mark.parametrize("snippet", each("js"))
def test_javascript(snippet: Snippet, tmp_path):
    """It is JavaScript: what it imports is not here (tests/clients has the real client of Node)."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    script = tmp_path / "snippet.mjs"
    script.write_text(snippet.text)
    told = subprocess.run([node, "--check", script], capture_output=True, text=True, check=False)

    assert told.returncode == 0, told.stderr


@pytest.mark.parametrize("snippet", each("toml"))
def test_configuration(snippet: Snippet, tmp_path, monkeypatch):
    """It is one, as it stands."""
    for name in KEYS:
        monkeypatch.setenv(name, "sk-of-the-page")
    path = tmp_path / "config.toml"
    path.write_text(snippet.text)

    load(path)


@pytest.mark.parametrize("snippet", each("json"))
def test_json(snippet: Snippet):
    """It can be read."""
    json.loads(snippet.text)


@pytest.mark.parametrize("snippet", each("yaml"))
def test_yaml(snippet: Snippet):
    """It can be read."""
    assert yaml.safe_load(snippet.text)


@pytest.fixture
def files(tmp_path, monkeypatch, demo):
    """A folder with the files that the pages speak of; the reader is in it."""
    wanted = {"type": "json_schema", "json_schema": {"name": "mood", "schema": SCHEMA}}
    messages = [{"role": "user", "content": "How does the sea feel?"}]
    request = {"model": "demo/clean", "messages": messages, "response_format": wanted}
    (tmp_path / "schema.json").write_text(json.dumps(SCHEMA))
    (tmp_path / "request.json").write_text(json.dumps(request))
    (tmp_path / "config.toml").write_text(
        f'[upstreams.here]\nbase_url = "{demo}/v1"\npreset = "generic"\n[server]\nport = 0\n'
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("snippet", each("sh"))
def test_commands(snippet: Snippet, files: Path, capsys):
    """Each line: its program is known, its options exist, and what ends by itself ends well."""
    for line in snippet.text.replace("\\\n", " ").splitlines():
        words = shlex.split(line.partition(" >")[0].replace("…", "x"), comments=True)
        while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
            del words[0]
        if words:
            _checked(words)


def _checked(words: list[str]) -> None:
    program, *rest = words
    if program == "strictgate":
        _parser().parse_args(rest)
        if rest[0] in RUN:
            assert main(rest) == RUN[rest[0]], words
    elif program in {"python", ".venv/bin/python"}:
        _script(rest)
    else:
        assert program in OTHER_PROGRAMS, words


def _script(rest: list[str]) -> None:
    """It exists, and has the options that are given."""
    if rest[0] == "-m":
        path = Path("app" if rest[1].startswith("strictgate") else "", *rest[1].split("."))
        assert (ROOT / path).is_dir() or (ROOT / path).with_suffix(".py").is_file(), rest
        return
    source = (ROOT / rest[0]).read_text(encoding="utf-8")
    for option in (word.partition("=")[0] for word in rest[1:] if word.startswith("--")):
        assert f'"{option}"' in source, (rest[0], option)
