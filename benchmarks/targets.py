"""What is measured: how each target is started, asked, and named with its version."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from processes import surroundings

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
CHAT = "/v1/chat/completions"
MODEL = "plain"  # of the instant upstream, cpu_paths.py: its answer is valid and there at once
START = 60.0  # seconds

_FROM_SOURCE = {"PYTHONPATH": str(ROOT / "app")}
_JSON = {"Content-Type": "application/json", "Authorization": "Bearer none"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a target runs: `folder` is empty and its own."""

    port: int
    upstream: str
    """The upstream's base URL."""
    folder: Path

    def chosen_port(self) -> int:
        """Return the port that a target took which takes no port from us; it writes it down."""
        chosen = self.folder / "port"
        return int(chosen.read_text() or self.port) if chosen.exists() else self.port


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
    environment: Callable[[Place], dict[str, str]] = lambda _: {}
    path: str = CHAT
    model: str = "{}"
    """What it calls the upstream's model of that name."""

    def called(self) -> str:
        return self.title.format(self.version())

    def request_headers(self, place: Place) -> dict[str, str]:
        return _JSON | self.headers(place)

    def body(self, model: str = MODEL) -> str:
        """Return Groq's example of a product review."""
        request = json.loads((HERE / "product_review.json").read_text(encoding="utf-8"))
        request["model"] = self.model.format(model)
        if not self.carries_schema:
            del request["response_format"]
        return json.dumps(request, separators=(",", ":"))

    def surroundings(self, place: Place) -> dict[str, str]:
        """Return its environment: ours, less what would make it another's measurement."""
        return surroundings(self.environment(place))


def told(*command: str) -> str:
    """Return the last word that a program says of its version."""
    ran = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
    return (ran.stdout.split() or ["unknown"])[-1]


def _upstream(place: Place) -> list[str]:
    return [sys.executable, str(HERE / "cpu_paths.py"), str(place.port)]


def _strictgate(place: Place) -> list[str]:
    serve = ["-m", "strictgate", "serve", "--upstream", place.upstream, "--port", str(place.port)]
    return [sys.executable, *serve]


def _strictgate_version() -> str:
    return told(sys.executable, "-m", "strictgate", "--version")


ENFORCED = "enforced"
UPSTREAM = Target("direct", "Instant upstream, direct", _upstream, lambda: "")
STRICTGATE = Target(
    ENFORCED,
    "**Strictgate {}, enforced**",
    _strictgate,
    _strictgate_version,
    environment=lambda _: _FROM_SOURCE,
)
PASSED_THROUGH = Target(
    "passthrough",
    "Strictgate {}, passed through (no schema)",
    _strictgate,
    _strictgate_version,
    carries_schema=False,
    environment=lambda _: _FROM_SOURCE,
)
