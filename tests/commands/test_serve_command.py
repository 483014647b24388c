"""What is loaded to serve, and what is said of the demonstration."""

import gc

import pytest

from strictgate.commands.serve_command import demo_text
from strictgate.settings.loading import Settings
from tests.commands.process import modules_after

LATE = (
    *(
        "strictgate.demo",
        "strictgate.processes",
        "strictgate.core.probe",
        "strictgate.observe.otel",
    ),
    *("strictgate.commands.actions", "strictgate.commands.doctor", "strictgate.commands.probe"),
    *("redis", "psycopg", "opentelemetry.sdk"),  # extras
    *("click", "multiprocessing"),  # of uvicorn's command line
    *("pydantic.v1", "pydantic_settings"),  # FastAPI loads it for models of answers; for variables
    "sqlite3",  # at the first response that is kept
    *("prometheus_client", "llguidance"),  # at the first scrape; at the first document under guard
)
"""What serving, as most do, has no use for; each is loaded where it is used."""


def test_serving_loads_what_it_needs():
    """Nothing that only an optional setting has a use for, and no other command."""
    code = (
        "import gc\n"
        "from strictgate.commands.main import _loaded\n"
        "_loaded('strictgate.commands.serve_command')\n"
        "assert gc.isenabled() and gc.get_freeze_count()\n"
        "from strictgate.api.app import create_app\n"
        "from strictgate.settings.loading import load\n"
        "create_app(load().with_upstream('here', 'http://127.0.0.1:9/v1'), {})\n"
    )
    loaded = modules_after(code)
    assert "strictgate.commands.serve" in loaded
    assert not [name for name in loaded if name.startswith(LATE)]
    assert gc.isenabled()


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({}, '"none"'),
        ({"server": {"api_keys": ["secret"]}}, 'os.environ["STRICTGATE_KEY"]'),
        ({"keys": {"ci": {"key_env": "CI_KEY"}}}, 'os.environ["STRICTGATE_KEY"]'),
    ],
)
def test_the_demonstration_is_asked_with_a_key(settings, key):
    """Where the gateway has client keys; none is shown, a variable is named."""
    text = demo_text(Settings(**settings))
    curl = next(line for line in text.splitlines() if line.startswith("curl "))
    program = text.partition("and then:\n\n")[2].partition("\n\nA stream")[0]

    assert f"api_key={key})" in program
    compile(program, "program", "exec")
    assert program.startswith("import os\n" if settings else "from openai")
    assert ('"authorization: Bearer $STRICTGATE_KEY"' in curl) is bool(settings)
    assert ("export STRICTGATE_KEY=" in text) is bool(settings)
    assert "secret" not in text
