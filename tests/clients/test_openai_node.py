"""OpenAI's SDK for Node, unchanged: runs the scripts in node/ with Node's own test runner."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.clients.conftest import requests_to, until_cancelled
from tests.gates import guarding_gate

HERE = Path(__file__).parent / "node"
LOCK = HERE / "package-lock.json"
INSTALLED = HERE / "node_modules" / ".package-lock.json"
OLDEST = 18
ONLY_FAILURES = "--test-name-pattern=fails once"
ONLY_COMMENTS = "--test-name-pattern=comments"
FAILURES = 4
"""Calls in the script's test of that name."""


def missing():
    """Why the script cannot be run; None where it can."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return "node and npm are not installed"
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    major = int(re.match(r"v(\d+)", version)[1])
    return None if major >= OLDEST else f"node is {version.strip()}, older than {OLDEST}"


@pytest.fixture(scope="module")
def packages():
    """Installed as locked, unless they are already."""
    reason = missing()
    if reason is None and not _is_installed():
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
        if done.returncode:
            reason = f"npm ci failed: {done.stderr.strip()[-300:]}"
    if reason is not None:
        pytest.skip(reason)


def _is_installed():
    return INSTALLED.exists() and INSTALLED.stat().st_mtime >= LOCK.stat().st_mtime


def run(running, *options, script="openai.test.mjs"):
    """Run a script against a gateway; fail with what it prints."""
    done = subprocess.run(
        ["node", "--test", *options, script],
        cwd=HERE,
        env=os.environ | {"STRICTGATE_URL": running.url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.usefixtures("packages")
def test_everything(strictgate):
    """Objects, streams, zod, errors: every test of the script passes."""
    assert re.search(r"pass \d\d", run(strictgate))


@pytest.mark.usefixtures("packages")
def test_guarded_streams(guarded):
    """Documents that grow while they are read, and comments in between."""
    demo, running = guarded
    assert re.search(r"pass \d\d", run(running, script="guarded.test.mjs"))
    until_cancelled(demo)
    with guarding_gate(demo, server={"heartbeat": 0.05}) as impatient:
        run(impatient, ONLY_COMMENTS, script="guarded.test.mjs")


@pytest.mark.usefixtures("packages")
def test_one_request_for_each_failure(demo):
    """The SDK's retries, which are on, leave a failed validation alone."""
    assert requests_to(demo, lambda running: run(running, ONLY_FAILURES)) == FAILURES


def test_lock_names_no_registry():
    """What is installed comes from wherever npm is told to look, and is what was locked."""
    lock = LOCK.read_text()

    assert '"resolved"' not in lock
    assert lock.count('"integrity"') == lock.count('"node_modules/')
