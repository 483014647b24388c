"""A Strictgate of its own for the measurement, as a child process."""

import http.client
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from processes import free_port, running, wait_until_right

ROOT = Path(__file__).resolve().parents[2]
START = 300.0  # seconds: a machine that runs a model has little time for anything else
_CONFIG = """\
default_upstream = "measured"
[upstreams.measured]
preset = "{preset}"
prompt_first = true  # what `prefer` decides on
base_url = "{upstream}"
timeout = 900
first_byte_timeout = 600
idle_timeout = 600
[observe]
log = false
"""


@contextmanager
def strictgate(preset: str, upstream: str, folder: Path) -> Iterator[str]:
    """Run Strictgate before `upstream`; gives its base URL.

    Raises:
        NotReady: it did not come up.
    """
    config, port = folder / "config.toml", free_port()
    config.write_text(_CONFIG.format(preset=preset, upstream=upstream), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "strictgate",
        "serve",
        "--config",
        str(config),
        "--port",
        str(port),
    ]
    with running(command, _surroundings(), folder) as process:
        wait_until_right(lambda: _fault(port), process, START)
        yield f"http://127.0.0.1:{port}/v1"


def _surroundings() -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("STRICTGATE_")}
    return kept | {"PYTHONPATH": str(ROOT / "app")}


def _fault(port: int) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"no answer: {error}"
    finally:
        connection.close()
    return "" if status == 200 else f"status {status}"
