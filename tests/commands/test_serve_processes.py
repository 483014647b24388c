"""Several processes at one address, as real ones: they answer, die, drain and reload together."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing, suppress

import pytest

from strictgate.commands import serve_processes
from strictgate.commands.main import main
from strictgate.commands.serve_processes import serve_by_processes
from strictgate.settings.loading import Settings
from tests.chats import CHAT, asked
from tests.commands.process import connected, raw, running
from tests.commands.test_reloads import CONFIG
from tests.commands.test_serve import under_way

PATIENCE = 20.0


def children(process):
    """The ids of the processes that a supervisor has started, in the order of their start."""
    with open(f"/proc/{process.pid}/task/{process.pid}/children") as listed:
        return [int(each) for each in listed.read().split()]


def soon(condition):
    """Wait until a condition holds; give what it has returned."""
    until = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < until, "it has not come to that"
        time.sleep(0.02)
    return found


def lives(pid):
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


def test_one_that_dies_is_replaced():
    """The others answer meanwhile; who has connected to the dead one is answered by the next."""
    with running("--demo", "--workers", "2", STRICTGATE_SERVER__DRAIN_DELAY="0") as (process, url):
        first, second = children(process)
        os.kill(first, signal.SIGKILL)
        waiting = [connected(url) for _ in range(16)]
        for each in waiting:
            with closing(each):
                each.sendall(b"GET /readyz HTTP/1.0\r\n\r\n")
                assert each.recv(100).startswith(b"HTTP/1.1 200")
        left = soon(lambda: len(found := children(process)) == 2 and found)
        assert second in left
        assert first not in left
        assert asked(url)["choices"]

        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE) == 0
        told = [json.loads(line) for line in process.stderr.read().splitlines()]

    [ended] = [each for each in told if each["event"] == "ProcessEnded"]
    assert (ended["pid"], ended["how"]) == (first, "SIGKILL")


def test_drains():
    """What is under way gets its answer after SIGTERM, whichever process it is with."""
    slow = CHAT | {"model": "demo/slow"}
    with running("--demo", "--workers", "2", STRICTGATE_SERVER__DRAIN_DELAY="0") as (process, url):
        waiting = [under_way(url, slow) for _ in range(4)]
        process.send_signal(signal.SIGTERM)
        answers = []
        for each in waiting:
            with closing(each):
                answers.append(each.makefile("rb").read())
        assert process.wait(timeout=PATIENCE) == 0

    assert all(each.startswith(b"HTTP/1.1 200 OK") for each in answers)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_all_is_one_signal(number):
    """A terminal and systemd signal all processes at once: they drain all the same."""
    slow = CHAT | {"model": "demo/slow"}
    with running("--demo", "--workers", "2", STRICTGATE_SERVER__DRAIN_DELAY="0") as (process, url):
        with closing(under_way(url, slow)) as connection:
            for each in (*children(process), process.pid):
                os.kill(each, number)
            answer = connection.makefile("rb").read()
        assert process.wait(timeout=PATIENCE) == 0

    assert answer.startswith(b"HTTP/1.1 200 OK")


def test_no_orphans():
    """Where the supervisor is killed, the processes leave."""
    with running("--demo", "--workers", "2") as (process, _):
        started = children(process)
        process.kill()
        process.wait()
        soon(lambda: not any(map(lives, started)))


def test_no_folder_is_left(tmp_path, monkeypatch):
    """Whatever fails before the first process is there."""

    def failing():
        raise OSError("no file")

    monkeypatch.setattr(serve_processes, "_SHARED_MEMORY", str(tmp_path))
    monkeypatch.setattr(serve_processes, "nameless_file", failing)
    about = {"server": {"workers": 2, "port": 0}}
    upstreams = {"there": {"base_url": "http://127.0.0.1:9/v1"}}
    settings = Settings.model_validate(about | {"upstreams": upstreams})
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        monkeypatch.setattr(serve_processes, "listening_sockets", lambda *about: [listener])
        with pytest.raises(OSError, match="no file"):
            serve_by_processes(settings, print)

    assert list(tmp_path.iterdir()) == []


def test_it_cannot_start(tmp_path):
    """It is said why, once, and nothing is left."""
    store = str(tmp_path / "no" / "such" / "folder")
    told = subprocess.run(
        [sys.executable, "-m", "strictgate", "serve", "--demo", "--port", "0", "--workers", "2"],
        env=os.environ | {"STRICTGATE_STORE__PATH": store},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert told.returncode == 2
    assert re.findall("store.path: .* cannot be used", told.stderr)
    assert told.stderr.count("cannot be used") == 1


def served(url):
    """The names of the models, as each of many connections is told: all processes are asked."""
    told = [raw(url, b"GET /v1/models HTTP/1.0\r\n\r\n") for _ in range(16)]
    bodies = [each.partition(b"\r\n\r\n")[2] for each in told]
    return {tuple(model["id"] for model in json.loads(body)["data"]) for body in bodies}


def test_reload(demo, tmp_path, capsys, monkeypatch):
    """All have new settings, also one that is started later; a mistake costs nothing."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    config = tmp_path / "config.toml"
    config.write_text(CONFIG.format(demo=demo, name="one"))
    with running("--config", str(config), "--workers", "2") as (process, url):
        port = url.rpartition(":")[2]
        assert served(url) == {("demo/clean", "one")}
        config.write_text(CONFIG.format(demo=demo, name="two"))
        assert main(["reload", "--port", port]) == 0
        assert served(url) == {("demo/clean", "two")}

        config.write_text("[serve]")
        assert main(["reload", "--port", port]) == 1
        assert "no such setting" in capsys.readouterr().err
        first = children(process)[0]
        os.kill(first, signal.SIGKILL)
        soon(lambda: len(left := children(process)) == 2 and first not in left)
        assert served(url) == {("demo/clean", "two")}


def test_its_upstreams_are_told_of_once(demo):
    """The start report is one process's."""
    with running("--upstream", f"{demo}/v1", "--preset", "demo", "--workers", "2") as (process, _):
        lines = [process.stdout.readline() for _ in range(2)]
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=PATIENCE) == 0
        rest = process.stdout.read()

    assert lines[0].startswith("Upstream 'upstream'")
    assert "Upstream" not in rest


def figure(url, name):
    """A counter, as one of the processes shows it for all."""
    page = raw(url, b"GET /metrics HTTP/1.0\r\n\r\n").decode()
    found = re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", page, re.MULTILINE)
    return sum(map(float, found))


def test_figures_are_of_all():
    """Whoever is asked; what a process has counted that has died is not lost."""
    counter = "strictgate_enforced_total"
    with running("--demo", "--workers", "2") as (process, url):
        for _ in range(12):
            asked(url)
        assert {figure(url, counter) for _ in range(8)} == {12}
        for each in children(process):
            os.kill(each, signal.SIGKILL)
            soon(lambda gone=each: len(left := children(process)) == 2 and gone not in left)
            soon(lambda: figure(url, "strictgate_store_queue") == 0)
        asked(url)
        assert {figure(url, counter) for _ in range(8)} == {13}


def posted(url, path, body):
    """The answer to what is posted on a connection of its own."""
    data = json.dumps(body).encode()
    head = b"POST %b HTTP/1.0\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    return json.loads(raw(url, head % (path.encode(), len(data)) + data).partition(b"\r\n\r\n")[2])


def test_a_response_is_known_to_all():
    """Each process goes on with what another has answered; nothing is left on the disk."""
    with running("--demo", "--workers", "2", STRICTGATE_SERVER__DRAIN_DELAY="0") as (process, url):
        folders = set(stores(process))
        first = posted(url, "/v1/responses", {"model": "demo/clean", "input": "hi"})
        following = {"model": "demo/clean", "input": "and?", "previous_response_id": first["id"]}
        for _ in range(8):
            assert posted(url, "/v1/responses", following).get("error") is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE) == 0

    assert len(folders) == 1
    assert not any(map(os.path.exists, folders))


def stores(process):
    """The files in which a supervisor's processes keep responses."""
    for pid in children(process):
        for each in os.scandir(f"/proc/{pid}/fd"):
            target = os.path.realpath(each.path)
            if target.endswith("/responses.sqlite"):
                yield target


def test_what_one_learns_all_know():
    """A mode that was refused once is not asked for again by another, nor by one that is new."""
    body = CHAT | {"model": "demo/no-json-schema"}
    with running("--demo", "--workers", "2", STRICTGATE_SERVER__DRAIN_DELAY="0") as (process, url):
        first = posted(url, "/v1/chat/completions", body)
        os.kill(children(process)[0], signal.SIGKILL)
        modes = {
            posted(url, "/v1/chat/completions", body)["x_strictgate"]["mode"] for _ in range(12)
        }
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE) == 0
        events = [json.loads(line)["event"] for line in process.stderr.read().splitlines()]

    assert modes == {first["x_strictgate"]["mode"]}
    assert events.count("ModeRefused") <= 1  # the log of the one that was killed may be lost


def test_one_inspector(demo):
    """Whoever is asked shows all requests, and each of them; a live list has those of others."""
    with running("--demo", "--workers", "2") as (_, url):
        live = [connected(url) for _ in range(8)]  # of both processes, but for one chance in 128
        for each in live:
            each.sendall(b"GET /inspector/api/live HTTP/1.1\r\nhost: localhost\r\n\r\n")
            each.settimeout(PATIENCE)
            seen = b""
            while b": here" not in seen:
                seen += each.recv(4096)
        made = {asked(url)["x_strictgate"]["inspect"].rpartition("/")[2] for _ in range(6)}
        for each in live:
            seen = b""
            with closing(each):
                while not all(name.encode() in seen for name in made):
                    seen += each.recv(1 << 16)

        paths = ["requests", *(f"requests/{name}" for name in made)]
        for path in paths * 3:
            told = raw(
                url, b"GET /inspector/api/%b HTTP/1.0\r\nhost: localhost\r\n\r\n" % path.encode()
            )
            assert told.startswith(b"HTTP/1.1 200")
            assert path != "requests" or all(name.encode() in told for name in made)


def test_a_key_is_one_key(demo, tmp_path):
    """What may be asked with it in a minute may be asked of all together, also after a death."""
    config = tmp_path / "config.toml"
    config.write_text(
        CONFIG.format(demo=demo, name="one")
        + '[keys.k]\nkey = "key-number-1"\nrequests_per_minute = 1\n'
    )
    request = b"GET /v1/models HTTP/1.0\r\nauthorization: Bearer key-number-1\r\n\r\n"
    with running("--config", str(config), "--workers", "2") as (process, url):
        statuses = [raw(url, request).split()[1] for _ in range(12)]
        for each in children(process):
            os.kill(each, signal.SIGKILL)
        statuses += [raw(url, request).split()[1] for _ in range(4)]

    assert statuses == [b"200"] + [b"429"] * 15
