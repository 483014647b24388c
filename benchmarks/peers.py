"""The gateways beside which Strictgate is measured, and the least that a relay can do.

Each is installed into an environment of its own under `.peers/`. Their retries are on: of LiteLLM
and Portkey they come with a validation, TensorZero and Ferro do not look into an answer.
"""

import json
import shutil
import subprocess
import sys
from typing import Any

from targets import HERE, PASSED_THROUGH, STRICTGATE, UPSTREAM, Place, Target, told

PEERS = HERE / ".peers"
_TRIES = 3  # that a peer may ask again
_LITELLM, _FERRO = PEERS / "litellm" / "bin", PEERS / "ferro" / "bin"
_TENSORZERO, _SKETCH = PEERS / "tensorzero" / "bin", PEERS / "sketch" / "bin"
_PORTKEY = PEERS / "portkey" / "node_modules" / "@portkey-ai" / "gateway"
_MODELS = ("plain", "wrong-0", "wrong-5", "wrong-20")  # of the instant upstream
_FERRO_KEY = "fgw_" + 32 * "0"

# --- LiteLLM -------------------------------------------------------------------------------------

_LITELLM_CONFIG = """\
model_list:
{models}
litellm_settings: {{enable_json_schema_validation: true, telemetry: false, num_retries: {tries}}}
general_settings: {{dangerously_permit_weak_or_unset_master_key: true}}
"""
_LITELLM_MODEL = """\
  - model_name: {model}
    litellm_params: {{model: openai/{model}, api_base: "{upstream}", api_key: none}}"""


def _litellm(place: Place) -> list[str]:
    config = place.folder / "config.yaml"
    models = [_LITELLM_MODEL.format(model=each, upstream=place.upstream) for each in _MODELS]
    text = _LITELLM_CONFIG.format(models="\n".join(models), tries=_TRIES)
    config.write_text(text, encoding="utf-8")
    where = ["--host", "127.0.0.1", "--port", str(place.port)]
    return [str(_LITELLM / "litellm"), "--config", str(config), *where, "--num_workers", "1"]


def _litellm_version() -> str:
    ask = "import importlib.metadata as it; print(it.version('litellm'))"
    return told(str(_LITELLM / "python"), "-c", ask)


# --- Portkey -------------------------------------------------------------------------------------

_LOOPBACK_ONLY = """\
const { Server } = require("node:net"), { listen } = Server.prototype;
Server.prototype.listen = function (port, ...rest) {
  return listen.call(this, port, "127.0.0.1", rest.find((each) => typeof each === "function"));
};
"""


def _portkey(place: Place) -> list[str]:
    """It would listen on every interface, and forward to whatever it is told."""
    preload = place.folder / "loopback.cjs"
    preload.write_text(_LOOPBACK_ONLY, encoding="utf-8")
    server = str(_PORTKEY / "build" / "start-server.js")
    return ["node", "--require", str(preload), server, f"--port={place.port}", "--headless"]


def _portkey_headers(place: Place) -> dict[str, str]:
    return {"x-portkey-provider": "openai", "x-portkey-custom-host": place.upstream}


def _guarded_portkey_headers(place: Place) -> dict[str, str]:
    """Its output guardrail has the schema; a refused answer is status 446, which is retried."""
    review: dict[str, Any] = json.loads((HERE / "product_review.json").read_text(encoding="utf-8"))
    schema = review["response_format"]["json_schema"]["schema"]
    config = {
        "provider": "openai",
        "custom_host": place.upstream,
        "api_key": "none",
        "retry": {"attempts": _TRIES, "on_status_codes": [446, 429, 500, 502, 503, 504]},
        "output_guardrails": [{"default.jsonSchema": {"schema": schema}, "deny": True}],
    }
    return {"x-portkey-config": json.dumps(config)}


def _portkey_version() -> str:
    package = json.loads((_PORTKEY / "package.json").read_text(encoding="utf-8"))
    return f"{package['version']} on Node {told('node', '--version').removeprefix('v')}"


def _has_portkey() -> bool:
    return _PORTKEY.exists() and shutil.which("node") is not None


# --- TensorZero ----------------------------------------------------------------------------------

_TENSORZERO_CONFIG = "[gateway]\nobservability.enabled = false\n"
_TENSORZERO_MODEL = """\
[models."{model}"]
routing = ["instant"]
[models."{model}".providers.instant]
type = "openai"
model_name = "{model}"
api_base = "{upstream}"
api_key_location = "none"
"""
_TENSORZERO_START = """\
import pathlib, signal, sys, urllib.parse
from tensorzero.tensorzero import _start_http_gateway
none = {"clickhouse_url": None, "postgres_url": None, "valkey_url": None}
gateway = _start_http_gateway(config_file=sys.argv[1], async_setup=False, **none)
port = pathlib.Path(sys.argv[2])
port.write_text(str(urllib.parse.urlsplit(gateway.base_url).port))
signal.pause()
"""


def _tensorzero(place: Place) -> list[str]:
    """Its wheel has the HTTP gateway in it, for the `openai` library; it picks its own port."""
    config = place.folder / "tensorzero.toml"
    models = [_TENSORZERO_MODEL.format(model=each, upstream=place.upstream) for each in _MODELS]
    config.write_text(_TENSORZERO_CONFIG + "".join(models), encoding="utf-8")
    python, port = str(_TENSORZERO / "python"), str(place.folder / "port")
    return [python, "-c", _TENSORZERO_START, str(config), port]


def _tensorzero_version() -> str:
    ask = "import importlib.metadata as it; print(it.version('tensorzero'))"
    return told(str(_TENSORZERO / "python"), "-c", ask)


# --- Ferro ---------------------------------------------------------------------------------------

_FERRO_CONFIG = "strategy: {mode: single}\ntargets: [{virtual_key: ollama}]\n"


def _ferro(place: Place) -> list[str]:
    (place.folder / "ferro.yaml").write_text(_FERRO_CONFIG, encoding="utf-8")
    return [str(_FERRO / "ferrogw"), "serve"]


def _ferro_environment(place: Place) -> dict[str, str]:
    """Its adapter for Ollama forwards to a host and a list of models that one can name."""
    return {
        "OLLAMA_HOST": place.upstream.removesuffix("/v1"),
        "OLLAMA_MODELS": ",".join(_MODELS),
        "MASTER_KEY": _FERRO_KEY,
        "GATEWAY_CONFIG": str(place.folder / "ferro.yaml"),
        "PORT": str(place.port),
        "LOG_LEVEL": "error",
        "RATE_LIMIT_RPS": "1000000",
        "RATE_LIMIT_BURST": "1000000",
    }


def _ferro_version() -> str:
    listed = subprocess.run(
        [str(_FERRO / "pip"), "show", "ferrogw"], capture_output=True, text=True, check=False
    )
    words = listed.stdout.split()
    return words[words.index("Version:") + 1] if "Version:" in words else "unknown"


# --- sketches ------------------------------------------------------------------------------------


def _sketch(kind: str, title: str) -> Target:
    """A relay of some forty lines, which looks at nothing: sketches.py."""

    def command(place: Place) -> list[str]:
        script = str(HERE / "sketches.py")
        return [str(_SKETCH / "python"), script, kind, str(place.port), place.upstream]

    return Target(f"sketch-{kind}", title, command, lambda: "", (_SKETCH / "python").exists)


# --- the table's rows ----------------------------------------------------------------------------

PORTKEY = Target(
    "portkey",
    "Portkey gateway {} (no validation)",
    _portkey,
    _portkey_version,
    is_installed=_has_portkey,
    headers=_portkey_headers,
    environment=lambda _: {"NODE_ENV": "production"},
)
GUARDED_PORTKEY = Target(
    "portkey-guardrail",
    "Portkey gateway {}, its schema guardrail",
    _portkey,
    _portkey_version,
    is_installed=_has_portkey,
    headers=_guarded_portkey_headers,
    environment=lambda _: {"NODE_ENV": "production"},
)
LITELLM, LITELLM_RUST = (
    Target(
        name,
        title,
        _litellm,
        _litellm_version,
        is_installed=(_LITELLM / "litellm").exists,
        environment=lambda _, rust=rust: {
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            "LITELLM_RUST": rust,
        },
    )
    for name, title, rust in (
        ("litellm", "LiteLLM proxy {} (schema validation on)", "false"),
        ("litellm-rust", "LiteLLM proxy {}, `LITELLM_RUST` (schema validation on)", "true"),
    )
)
TENSORZERO = Target(
    "tensorzero",
    "TensorZero {} (no validation)",
    _tensorzero,
    _tensorzero_version,
    is_installed=(_TENSORZERO / "python").exists,
    path="/openai/v1/chat/completions",
    model="tensorzero::model_name::{}",
)
FERRO = Target(
    "ferro",
    "Ferro {} (no validation)",
    _ferro,
    _ferro_version,
    is_installed=(_FERRO / "ferrogw").exists,
    headers=lambda _: {"Authorization": f"Bearer {_FERRO_KEY}"},
    environment=_ferro_environment,
)
SKETCHES = (
    _sketch("aiohttp", "Sketch: raw ASGI under uvicorn, aiohttp's client"),
    _sketch("minimal", "Sketch: raw ASGI under uvicorn, a minimal client"),
)
TARGETS = (
    UPSTREAM,
    *SKETCHES,
    PASSED_THROUGH,
    STRICTGATE,
    TENSORZERO,
    FERRO,
    PORTKEY,
    LITELLM,
    LITELLM_RUST,
)


def install() -> None:
    """Install the peers under `.peers/`; say what fails and go on."""
    node = PEERS / "portkey"
    node.mkdir(parents=True, exist_ok=True)
    _environment("litellm", "litellm[proxy]")
    _environment("tensorzero", "tensorzero")
    _environment("ferro", "ferrogw")
    _environment("sketch", "uvicorn", "uvloop", "httptools", "aiohttp")
    quietly = ["--omit=dev", "--no-audit", "--no-fund"]
    _run(["npm", "install", "--prefix", str(node), *quietly, "@portkey-ai/gateway"])


def _environment(name: str, *packages: str) -> None:
    _run([sys.executable, "-m", "venv", str(PEERS / name)])
    python = str(PEERS / name / "bin" / "python")
    _run([python, "-m", "pip", "install", "--quiet", *packages])


def _run(command: list[str]) -> None:
    print("+", *command, file=sys.stderr, flush=True)
    try:
        subprocess.run(command, cwd=PEERS, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"  failed: {error}", file=sys.stderr)
