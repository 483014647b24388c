"""What SIGHUP does in a process that serves."""

import asyncio
import io
import json
import os
import pty
import signal
import sys
import urllib.request
from contextlib import closing

import pytest

from strictgate.commands.main import main
from strictgate.commands.reloads import Reloads, begin_log
from strictgate.commands.runtime_file import RuntimeFile
from strictgate.observe.log import Log
from strictgate.settings.loading import Settings, SettingsError
from tests.commands.process import raw, running
from tests.commands.test_serve import CHAT, under_way

GOOD = Settings(upstreams={"a": {"base_url": "http://a.example/v1"}})


def once(settings, tmp_path):
    """Reload once, with what reading gives; return the log's lines and the state."""
    stream = io.StringIO()
    log, file = Log(stream), RuntimeFile(8080, tmp_path)
    begin_log(log, GOOD)

    def again():
        if isinstance(settings, Exception):
            raise settings
        return settings

    async def apply(_):
        return ("store",)

    asyncio.run(Reloads(again, log, file, apply).reload())
    state = RuntimeFile(8080, tmp_path).read_state()
    file.remove()
    return [json.loads(line) for line in stream.getvalue().splitlines()], state


def test_good_settings(tmp_path):
    """They are in force; what waits for a restart is named."""
    [line], state = once(GOOD, tmp_path)

    assert (line["event"], line["waiting"]) == ("ConfigurationReloaded", ["store"])
    assert (state.reloads, state.error, state.waiting) == (1, "", ("store",))


@pytest.mark.parametrize("settings", [SettingsError("server.prt: no such setting"), Settings()])
def test_wrong_settings(tmp_path, settings):
    """Whether they cannot be read or cannot be served, the old ones stay."""
    [line], state = once(settings, tmp_path)

    assert (line["event"], line["level"]) == ("ConfigurationRejected", "error")
    assert state.error == line["error"] != ""


CONFIG = """
[server]
drain_delay = 0
[upstreams.demo]
base_url = "{demo}/v1"
preset = "demo"
[models."demo/clean"]
upstream = "demo"
[models.{name}]
upstream = "demo"
"""


def names(url):
    with urllib.request.urlopen(f"{url}/v1/models") as answer:
        return [each["id"] for each in json.load(answer)["data"]]


def test_over_the_wire(demo, tmp_path, capsys, monkeypatch):
    """`strictgate reload`: new models are there, old requests finish, a mistake costs nothing."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("STRICTGATE_SERVER__KEEP_ALIVE", "1")  # an answer is read to its end below
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # a process under nohup would ignore it
    config = tmp_path / "config.toml"
    config.write_text(
        CONFIG.format(demo=demo, name="one") + '[models.s]\nupstream="demo"\nmodel="demo/slow"\n'
    )
    with running("--config", str(config)) as (process, url):
        signal.signal(signal.SIGHUP, before)
        port = url.rpartition(":")[2]
        assert names(url) == ["demo/clean", "one", "s"]
        with closing(under_way(url, CHAT | {"model": "s"})) as connection:
            config.write_text(CONFIG.format(demo=demo, name="two"))
            assert main(["reload", "--port", port]) == 0
            assert names(url) == ["demo/clean", "two"]
            assert connection.makefile("rb").read().startswith(b"HTTP/1.1 200")
        config.write_text("[server]\nprt = 1\n")
        assert main(["reload", "--port", port]) == 1
        assert "server.prt: no such setting" in capsys.readouterr().err
        assert names(url) == ["demo/clean", "two"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    assert main(["reload", "--port", port]) == 2
    assert "no `strictgate serve` of this user listens there" in capsys.readouterr().err


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_terminal_that_goes(tmp_path, workers):
    """Then SIGHUP is no wish to reload: nobody would see the process any more."""
    child, terminal = pty.fork()
    if child == 0:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        os.environ |= {"STRICTGATE_SERVER__DRAIN_DELAY": "0", "XDG_RUNTIME_DIR": str(tmp_path)}
        arguments = ["serve", "--demo", "--port", "0", "--workers", workers]
        os.execv(sys.executable, [sys.executable, "-m", "strictgate", *arguments])
    seen = b""
    while b"flush=True)\r\n\r\n" not in seen:  # the last that the demonstration prints
        seen += os.read(terminal, 4096)
    os.close(terminal)
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0


def test_told_without_a_terminal(tmp_path, monkeypatch):
    """A demonstration keeps its upstream."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    with running("--demo") as (_, url):
        signal.signal(signal.SIGHUP, before)
        assert main(["reload", "--port", url.rpartition(":")[2]]) == 0
        assert raw(url, b"GET /readyz HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 200")
        assert "demo/clean" in names(url)
