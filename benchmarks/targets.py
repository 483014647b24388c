"""What is measured: how each target is started, asked, and named with its version."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from processes import surroundings

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
PEERS = HERE / ".peers"
CHAT = "/v1/chat/completions"
START = 60.0  # seconds

_FROM_SOURCE = {"PYTHONPATH": str(ROOT / "app")}
_JSON = {"Content-Type": "application/json", "Authorization": "Bearer none"}
_LITELLM = PEERS / "litellm" / "bin"
_PORTKEY = PEERS / "portkey" / "node_modules" / "@portkey-ai" / "gateway"
_LITELLM_CONFIG = """\
model_list:
  - model_name: demo/clean
    litellm_params: {{model: openai/demo/clean, api_base: "{upstream}", api_key: none}}
litellm_settings: {{enable_json_schema_validation: true, telemetry: false}}
general_settings: {{dangerously_permit_weak_or_unset_master_key: true}}
"""
_LOOPBACK_ONLY = """\
const { Server } = require("node:net"), { listen } = Server.prototype;
Server.prototype.listen = function (port, ...rest) {
  return listen.call(this, port, "127.0.0.1", rest.find((each) => typeof each === "function"));
};
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a target runs: `folder` is empty and its own."""

    port: int
    upstream: str
    """The upstream's base URL."""
    folder: Path


@dataclass(frozen=True, slots=True)
class Target:
    """One row of the table."""

    name: str
    title: str
    """With a place for the version."""
    command: Callable[[Place], list[str]]
    version: Callable[[], str]
    is_installed: Callable[[], bool] = lambda: True
    carries_schema: bool = True
    """Whether its requests do."""
    headers: Callable[[Place], dict[str, str]] = lambda _: {}
    environment: dict[str, str] = field(default_factory=dict)

    def called(self) -> str:
        return self.title.format(self.version())

    def request_headers(self, place: Place) -> dict[str, str]:
        return _JSON | self.headers(place)

    def body(self) -> str:
        """Return Groq's example of a product review."""
        request = json.loads((HERE / "product_review.json").read_text(encoding="utf-8"))
        if not self.carries_schema:
            del request["response_format"]
        return json.dumps(request, separators=(",", ":"))

    def surroundings(self) -> dict[str, str]:
        """Return its environment: ours, less what would make it another's measurement."""
        return surroundings(self.environment)


def _demo(place: Place) -> list[str]:
    return [sys.executable, "-m", "strictgate.demo", "--port", str(place.port)]


def _strictgate(place: Place) -> list[str]:
    serve = ["-m", "strictgate", "serve", "--upstream", place.upstream, "--port", str(place.port)]
    return [sys.executable, *serve]


def _litellm(place: Place) -> list[str]:
    config = place.folder / "config.yaml"
    config.write_text(_LITELLM_CONFIG.format(upstream=place.upstream), encoding="utf-8")
    where = ["--host", "127.0.0.1", "--port", str(place.port)]
    return [str(_LITELLM / "litellm"), "--config", str(config), *where, "--num_workers", "1"]


def _portkey(place: Place) -> list[str]:
    """It would listen on every interface, and forward to whatever it is told."""
    preload = place.folder / "loopback.cjs"
    preload.write_text(_LOOPBACK_ONLY, encoding="utf-8")
    server = str(_PORTKEY / "build" / "start-server.js")
    return ["node", "--require", str(preload), server, f"--port={place.port}", "--headless"]


def _portkey_headers(place: Place) -> dict[str, str]:
    return {"x-portkey-provider": "openai", "x-portkey-custom-host": place.upstream}


# --- versions ------------------------------------------------------------------------------------


def told(*command: str) -> str:
    """Return the last word that a program says of its version."""
    ran = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
    return (ran.stdout.split() or ["unknown"])[-1]


def _strictgate_version() -> str:
    return told(sys.executable, "-m", "strictgate", "--version")


def _litellm_version() -> str:
    ask = "import importlib.metadata as it; print(it.version('litellm'))"
    return told(str(_LITELLM / "python"), "-c", ask)


def _portkey_version() -> str:
    package = json.loads((_PORTKEY / "package.json").read_text(encoding="utf-8"))
    return f"{package['version']} on Node {told('node', '--version').removeprefix('v')}"


ENFORCED = "enforced"
UPSTREAM = Target(
    "direct",
    "Demonstration upstream, direct",
    _demo,
    _strictgate_version,
    environment=_FROM_SOURCE,
)
TARGETS = (
    UPSTREAM,
    Target(
        "passthrough",
        "Strictgate {}, passed through (no schema)",
        _strictgate,
        _strictgate_version,
        carries_schema=False,
        environment=_FROM_SOURCE,
    ),
    Target(
        ENFORCED,
        "Strictgate {}, enforced",
        _strictgate,
        _strictgate_version,
        environment=_FROM_SOURCE,
    ),
    Target(
        "portkey",
        "Portkey gateway {} (no validation)",
        _portkey,
        _portkey_version,
        is_installed=lambda: _PORTKEY.exists() and shutil.which("node") is not None,
        headers=_portkey_headers,
        environment={"NODE_ENV": "production"},
    ),
    Target(
        "litellm",
        "LiteLLM proxy {} (schema validation on)",
        _litellm,
        _litellm_version,
        is_installed=lambda: (_LITELLM / "litellm").exists(),
        environment={"LITELLM_LOCAL_MODEL_COST_MAP": "True"},
    ),
)


# --- the peers' installation ---------------------------------------------------------------------


def install() -> None:
    """Install the peers under `.peers/`; say what fails and go on."""
    python, node = PEERS / "litellm", PEERS / "portkey"
    node.mkdir(parents=True, exist_ok=True)
    quietly = ["--omit=dev", "--no-audit", "--no-fund"]
    _run([sys.executable, "-m", "venv", str(python)])
    _run([str(_LITELLM / "python"), "-m", "pip", "install", "--quiet", "litellm[proxy]"])
    _run(["npm", "install", "--prefix", str(node), *quietly, "@portkey-ai/gateway"])


def _run(command: list[str]) -> None:
    print("+", *command, file=sys.stderr, flush=True)
    try:
        subprocess.run(command, cwd=PEERS, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"  failed: {error}", file=sys.stderr)
