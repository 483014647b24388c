"""Real clients, unchanged, against a gateway: `make test-clients`.

Each client runs in an environment of its own under .clients/, in every way that it has of asking
for a schema, in every case of shared.py. What must hold is checked; what the user of each client
sees is printed as rows of docs/clients.md.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from strictgate.demo.upstream import create_demo
from tests.client_matrix.shared import CASES
from tests.gates import gate
from tests.servers import serving

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PLACE = ROOT / ".clients"
ENVIRONMENTS = {
    "openai1": (["openai<2"], "ways_openai.py", ["openai"]),
    "openai2": (["openai>=2,<3"], "ways_openai.py", ["openai"]),
    "openai3": (["openai>=3", "groq"], "ways_openai.py", ["openai", "groq"]),
    # One each: instructor caps openai, and would hold pydantic-ai back.
    "instructor": (["instructor"], "ways_frameworks.py", ["instructor"]),
    "langchain": (["langchain-openai"], "ways_frameworks.py", ["langchain-openai"]),
    "pydantic-ai": (["pydantic-ai-slim[openai]"], "ways_frameworks.py", ["pydantic-ai-slim"]),
    "openai-agents": (["openai-agents"], "ways_frameworks.py", ["openai-agents"]),
    "litellm": (["litellm"], "ways_frameworks.py", ["litellm"]),
}
NODE = ["openai", "zod", "groq-sdk", "ai", "@ai-sdk/openai", "@ai-sdk/openai-compatible"]
NODE += ["@ai-sdk/groq"]
VALID = ({"choice": "angry"}, {"choice": "calm"})
GOOD = ("right answer", "invalid once")
UNENFORCED = {  # the client sends no schema that could be kept
    ("instructor", "MD_JSON"),
    ("langchain-openai", "json_mode"),
    ("pydantic-ai-slim", "prompted"),
}
CHECKS_ITSELF = UNENFORCED | {("instructor", "JSON")}  # sends json_object; its own check judges
OURS = (  # how Strictgate's own errors begin; another 400, or a 500, is not what was promised
    "Generated JSON does not match the expected schema",
    "Failed to validate JSON",
    "Tool call validation failed",
    "Failed to parse tool call arguments",
)
OWN_CHECK = {"IncompleteOutputException", "InstructorRetryException", "OutputParserException"}
OWN_CHECK |= {"UnexpectedModelBehavior"}
REFUSED = {  # what clients without a notion of a refusal make of one, and what the others do
    *("ContentFilterError", "InstructorRetryException", "JSONDecodeError", "ModelRefusalError"),
    *("NoObjectGeneratedError", "OpenAIRefusalError", "ToolChoiceViolationError"),
}
ALL_TOOLS = {"tools": "all"}  # most frameworks do not mark their functions as strict
Row = dict[str, Any]


def python_rows(name: str, url: str) -> Iterator[Row]:
    packages, script, clients = ENVIRONMENTS[name]
    python = PLACE / name / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", PLACE / name], check=True)
    subprocess.run([python, "-m", "pip", "install", "-q", *packages], check=True)
    yield from _rows([str(python), str(HERE / script), *clients], url)


def node_rows(url: str) -> Iterator[Row]:
    place = PLACE / "node"
    place.mkdir(parents=True, exist_ok=True)
    if not (place / "node_modules").exists():
        subprocess.run(["npm", "init", "-y"], cwd=place, check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", *NODE], cwd=place, check=True)
    (place / "ways.mjs").write_text((HERE / "ways.mjs").read_text())
    yield from _rows(["node", str(place / "ways.mjs")], url)


def _rows(command: list[str], url: str) -> Iterator[Row]:
    environment = os.environ | {
        "STRICTGATE_URL": url,
        "STRICTGATE_CASES": json.dumps(CASES),
        "OPENAI_API_KEY": "k",
    }
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    for line in done.stdout.splitlines():
        if line.startswith("{"):
            yield json.loads(line)
    if done.returncode:
        print(done.stderr[-3000:], file=sys.stderr)
        yield {
            "client": command[-1],
            "way": "",
            "case": "",
            "version": "",
            "raised": "crashed",
            "message": "",
        }


def is_as_promised(row: Row) -> bool:
    """Whether the row keeps the promise: a success is valid, anything else is the error meant."""
    way, raised, value = (row["client"], row["way"]), row.get("raised"), row.get("value")
    if row["case"] in GOOD:
        return value in VALID or (way in UNENFORCED and raised in OWN_CHECK)
    if row["case"] == "refusal":
        return raised in REFUSED if raised else isinstance(value, dict) and "refusal" in value
    if way in CHECKS_ITSELF and raised in OWN_CHECK:
        return True
    return bool(raised) and any(each in row["message"] for each in OURS)


def missing(rows: list[Row], names: list[str]) -> list[str]:
    """What should have been tried and was not: a client without rows, a way without a case."""
    clients = {each for name in names if name != "node" for each in ENVIRONMENTS[name][2]}
    if "node" in names:
        clients |= {f"{each} (Node)" for each in NODE if each not in ("zod", "ai")}
    absent = [f"{each}: no rows" for each in sorted(clients - {row["client"] for row in rows})]
    tried: dict[tuple[str, str, str], set[str]] = {}
    for row in rows:
        tried.setdefault((row["client"], row["version"], row["way"]), set()).add(row["case"])
    return absent + [f"{way}: not every case" for way, seen in tried.items() if seen != {*CASES}]


def told(row: Row) -> str:
    if "raised" not in row:
        return "refusal" if "refusal" in (row["value"] or {}) else "the document"
    cause = f" from `{row['cause']}`" if row.get("cause") else ""
    return f"`{row['raised']}`{cause}"


def main() -> int:
    names = sys.argv[1:] or [*ENVIRONMENTS, "node"]
    rows: list[Row] = []
    with serving(create_demo()) as upstream, gate(upstream, enforcement=ALL_TOOLS) as running:
        for name in names:
            found = node_rows(running.url) if name == "node" else python_rows(name, running.url)
            rows += found
    bad = [row for row in rows if not is_as_promised(row)]
    ways: dict[tuple[str, str, str], Row] = {}
    for row in rows:
        key = (row["client"], row["version"], row["way"])
        ways.setdefault(key, {})[row["case"]] = told(row)
    print("| client | way |", " | ".join(CASES), "|")
    print("|---" * (len(CASES) + 2) + "|")
    for (client, version, way), cells in ways.items():
        print(f"| {client} {version} | {way} |", " | ".join(cells.get(c, "") for c in CASES), "|")
    for row in bad:
        print("NOT AS PROMISED:", json.dumps(row))
    absent = missing(rows, names)
    for each in absent:
        print("NOT TRIED:", each)
    print(f"{len(rows) - len(bad)} passed, {len(bad)} failed, {len(absent)} not tried")
    return bool(bad or absent)


if __name__ == "__main__":
    raise SystemExit(main())
