"""An environment of its own for each client, under .clients/, and the scripts that run in it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PLACE = HERE.parent.parent / ".clients"
SLOW = 600  # seconds, for one script
Row = dict[str, Any]


@dataclass(frozen=True)
class Python:
    """Packages from PyPI, and the clients among them, by the script that has their ways."""

    packages: Sequence[str]
    documents: tuple[str, Sequence[str]] | None = None
    sessions: Sequence[str] = ()
    suite: str | None = None
    """A script that runs somebody else's tests."""


@dataclass(frozen=True)
class Node:
    """Packages from npm."""

    packages: Sequence[str]
    documents: bool = False
    sessions: Sequence[str] = ()
    program: str | None = None
    """The name of the program in the package, where the client is one."""


OPENAI, FRAMEWORKS = "ways_openai.py", "ways_frameworks.py"


def _ai(*versions: str) -> list[str]:
    named = ["ai", "@ai-sdk/openai", "@ai-sdk/openai-compatible", "@ai-sdk/groq"]
    return [f"{name}@{version}" for name, version in zip(named, versions, strict=True)]


AI_CLIENTS = ("@ai-sdk/openai", "@ai-sdk/openai-compatible", "@ai-sdk/groq", "openai")
ENVIRONMENTS: Mapping[str, Python | Node] = {
    "openai1": Python(["openai<2"], (OPENAI, ["openai"])),
    "openai2": Python(["openai>=2,<3"], (OPENAI, ["openai"])),
    "openai3": Python(["openai>=3", "groq"], (OPENAI, ["openai", "groq"]), ["openai"]),
    # One each: instructor caps openai, and would hold pydantic-ai back.
    "instructor": Python(["instructor"], (FRAMEWORKS, ["instructor"])),
    "langchain": Python(
        ["langchain-openai", "langchain-tests"],
        (FRAMEWORKS, ["langchain-openai"]),
        ["langchain-openai"],
        "langchain_standard.py",
    ),
    "pydantic-ai": Python(
        ["pydantic-ai-slim[openai]"], (FRAMEWORKS, ["pydantic-ai-slim"]), ["pydantic-ai-slim"]
    ),
    "openai-agents": Python(["openai-agents"], (FRAMEWORKS, ["openai-agents"]), ["openai-agents"]),
    "litellm": Python(["litellm"], (FRAMEWORKS, ["litellm"]), ["litellm"]),
    "semantic-kernel": Python(["semantic-kernel"], sessions=["semantic-kernel"]),
    "agno": Python(["agno", "openai"], sessions=["agno"]),
    "node": Node([*_ai("6", "3", "2", "3"), "openai", "groq-sdk", "zod"], True, AI_CLIENTS),
    "ai7": Node([*_ai("7", "4", "3", "4"), "openai", "zod"], False, AI_CLIENTS),
    "codex": Node(["@openai/codex"], program="codex"),
    "opencode": Node(["opencode-ai"], program="opencode"),
}


def install(name: str) -> Path:
    """Return the folder of the environment of that name, made where it was not there."""
    found, place = ENVIRONMENTS[name], PLACE / name
    match found:
        case Python():
            python = place / "bin" / "python"
            if not python.exists():
                subprocess.run([sys.executable, "-m", "venv", place], check=True)
            subprocess.run([python, "-m", "pip", "install", "-q", *found.packages], check=True)
        case Node():
            if not (place / "node_modules").exists():
                place.mkdir(parents=True, exist_ok=True)
                quiet = ["--no-audit", "--no-fund", "--loglevel=error"]
                subprocess.run(["npm", "init", "-y"], cwd=place, check=True, capture_output=True)
                subprocess.run(["npm", "install", *quiet, *found.packages], cwd=place, check=True)
    return place


def script_rows(
    name: str, script: str, arguments: Sequence[str], url: str, **told: Any
) -> Iterator[Row]:
    """Run a script in the environment of that name; it prints rows.

    Args:
        told: more that it finds in its environment: text, or what is written as JSON.
    """
    place = PLACE / name
    if script.endswith(".mjs"):  # what a module imports is looked for beside it
        (place / script).write_text((HERE / script).read_text())
        command = ["node", str(place / script)]
    else:
        command = [str(place / "bin" / "python"), str(HERE / script)]
    quiet = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "AGNO_TELEMETRY": "false"}
    quiet |= {"OPENAI_API_KEY": "k", "STRICTGATE_URL": url}
    quiet |= {
        f"STRICTGATE_{key.upper()}": value if isinstance(value, str) else json.dumps(value)
        for key, value in told.items()
    }
    done = subprocess.run(
        [*command, *arguments],
        env=os.environ | quiet,
        capture_output=True,
        text=True,
        timeout=SLOW,
        check=False,
    )
    for line in done.stdout.splitlines():
        if line.startswith('{"client"'):
            yield json.loads(line)
    if done.returncode:
        print(done.stderr[-3000:], file=sys.stderr)
        crashed = {"client": name, "way": script, "case": "", "version": ""}
        yield crashed | {"raised": "crashed", "message": ""}


def version_of(place: Path, package: str) -> str:
    """Return the version of a package from npm."""
    found = place / "node_modules" / package / "package.json"
    return str(json.loads(found.read_text())["version"])
