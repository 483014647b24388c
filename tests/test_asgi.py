"""The application for a server of one's own: `uvicorn strictgate.asgi:app`."""

import os
import re
import subprocess
import sys
import urllib.request
from contextlib import contextmanager

from strictgate.demo.upstream import create_demo
from tests.chats import CHAT, asked
from tests.servers import serving


@contextmanager
def uvicorn(**environment):
    """Run it on a free port until the block ends; give its URL, which uvicorn logs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "strictgate.asgi:app", "--port", "0"],
        env=os.environ | environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        lines = iter(process.stderr.readline, "")
        yield next(found[0] for line in lines if (found := re.search(r"http://[\d.:]+", line)))
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def test_it_serves_what_the_environment_configures():
    """The settings come from variables, and a request with a schema is enforced."""
    with (
        serving(create_demo()) as upstream,
        uvicorn(STRICTGATE_UPSTREAMS__DEMO__BASE_URL=f"{upstream}/v1") as url,
    ):
        assert asked(url, CHAT | {"model": "demo/fenced"})["x_strictgate"]["repairs"]
        with urllib.request.urlopen(f"{url}/healthz", timeout=30) as answer:
            assert answer.status == 200


def test_a_mistake_in_the_environment_is_named():
    """It does not start, and says which setting is wrong."""
    told = subprocess.run(
        [sys.executable, "-m", "uvicorn", "strictgate.asgi:app", "--port", "0"],
        env=os.environ | {"STRICTGATE_SERVER__PRT": "1"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert told.returncode != 0
    assert "server.prt: no such setting" in told.stderr
