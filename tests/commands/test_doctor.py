"""`strictgate doctor`: what it says of a configuration and of what is around it."""

import socket
from pathlib import Path

import pytest

from strictgate import __version__
from strictgate.commands.doctor import diagnose
from strictgate.commands.main import main
from strictgate.demo.upstream import create_demo
from tests.servers import serving
from tests.shared.engines import needs_redis, redis_server
from tests.upstream.asking import answering

TLS = Path(__file__).parents[1] / "data" / "tls"


@pytest.fixture
def port():
    """A port that is free."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.fixture
def problems(tmp_path, port):
    """What is found wrong with a configuration."""

    def found(text, environment=None):
        path = tmp_path / "config.toml"
        path.write_text(f"server.port = {port}\n{text}")
        return [each.said for each in diagnose(path, environment or {}) if not each.is_well]

    return found


def upstream(url, more=""):
    return f'[upstreams.x]\nbase_url = "{url}/v1"\n{more}'


def test_all_is_well(port, capsys):
    """It is said what was looked at, and the exit code is 0."""
    with serving(create_demo()) as url:
        assert main(["doctor", "--upstream", f"{url}/v1", "--port", str(port)]) == 0
    said = capsys.readouterr().out
    assert f"Strictgate {__version__}" in said
    assert "fits together" in said
    assert f"{port} is free" in said
    assert "answers, and looks like preset" in said
    assert "PROBLEM" not in said


def test_what_cannot_be_read(tmp_path, capsys):
    """The field is named, and nothing more is looked at."""
    path = tmp_path / "config.toml"
    path.write_text("[server]\nports = 1\n")
    assert main(["doctor", "--config", str(path)]) == 1
    assert "server.ports" in capsys.readouterr().out


def test_nothing_is_configured(problems):
    """It is said what to give."""
    assert any("give --upstream URL" in each for each in problems(""))


def test_each_problem_is_said(problems):
    """Not only the first."""
    text = 'server.host = "0.0.0.0"\n[upstreams.x]\npreset = "groq"\napi_key_env = "NOT_SET"\n'
    first, second = problems(text)
    assert "no client keys are set" in first
    assert "NOT_SET is not set" in second


def test_a_loop(problems, port):
    """An upstream that is this gateway."""
    assert any(
        "would ask itself" in each for each in problems(upstream(f"http://127.0.0.1:{port}"))
    )


def test_a_port_that_is_taken(problems, port):
    """It is said what to do."""
    with serving(create_demo()) as url, socket.create_server(("127.0.0.1", port)):
        (said,) = problems(upstream(url))
    assert "choose another port" in said


def test_a_port_of_another_strictgate(strictgate, capsys):
    """One that left no file to be found by, as a demonstration: that is no problem."""
    port = strictgate.url.rpartition(":")[2]
    assert main(["doctor", "--demo", "--port", port]) == 0
    assert f"ok       A Strictgate listens on 127.0.0.1:{port} already." in capsys.readouterr().out


def test_nobody_is_there(problems):
    """An upstream whose server is down."""
    (said,) = problems(upstream("http://127.0.0.1:9"))
    assert said == (
        "Upstream 'x' (http://127.0.0.1:9/v1) cannot be reached: Connection refused. "
        "See whether its server is up."
    )


def test_a_proxy_that_leads_nowhere(problems):
    """It is the proxy that is to be looked at."""
    (said,) = problems(upstream("http://127.0.0.1:9", 'proxy = "http://127.0.0.1:9"\n'))
    assert said.endswith("See whether the proxy http://127.0.0.1:9 is up, and lets you through.")
    (said,) = problems(upstream("http://127.0.0.1:9", 'proxy = "http://me:secret@127.0.0.1:9"\n'))
    assert "the proxy http://me:***@127.0.0.1:9 is up" in said
    assert "secret" not in said


def test_an_endpoint_in_place_of_its_api(problems):
    """What is copied from documentation; `serve` refuses it in the same words."""
    (said,) = problems('[upstreams.x]\nbase_url = "http://127.0.0.1:9/v1/chat/completions"\n')
    assert "upstreams.x.base_url" in said
    assert said.endswith("write http://127.0.0.1:9/v1")


def test_a_certificate_that_is_not_trusted(problems):
    """It is said how one of a CA of one's own is."""
    files = {"ssl_certfile": TLS / "certificate.pem", "ssl_keyfile": TLS / "key.pem"}
    with serving(create_demo(), **files) as url:
        (said,) = problems(upstream(url.replace("http://127.0.0.1", "https://localhost")))
    assert "failed the TLS handshake: self-signed certificate" in said
    assert "SSL_CERT_FILE" in said


def test_a_store_that_cannot_be_opened(problems):
    """What `serve` would refuse is said."""
    url = "http://127.0.0.1:9"
    said = problems(upstream(url, '[shared]\nurl = "http://127.0.0.1:9"\n'))
    assert any(each.startswith("shared.url: must begin with") for each in said)


@needs_redis
def test_a_shared_store(problems, port):
    """It is asked; what it says is told without its password."""
    with serving(create_demo()) as url, redis_server() as store:
        assert problems(upstream(url, f'[shared]\nurl = "{store.url}"\n')) == []
        away = store.url.replace("//", "//me:secret@").replace(str(store.port), str(port))
        refused = store.url.replace("//", "//me:secret@")
        for each, why in ((away, "ConnectionError"), (refused, "password")):
            (said,) = problems(upstream(url, f'[shared]\nurl = "{each}"\n'))
            assert said.startswith("The store of [shared] cannot be used: ")
            assert why in said
            assert "secret" not in said


@pytest.mark.parametrize(
    ("status", "more", "said"),
    [
        (401, 'preset = "generic"\napi_key_env = "KEY"\n', "See what KEY holds"),
        (500, 'preset = "generic"\n', "status 500"),
    ],
)
def test_upstreams_in_trouble(problems, status, more, said):
    """A wrong key, a broken server."""
    with serving(answering(b"{}", status)) as url:
        (found,) = problems(upstream(url, more), {"KEY": "k"})
    assert said in found


def test_keys_of_clients(problems):
    """A host that wants a key gets the client's: that is no problem."""
    with serving(answering(b"{}", 401)) as url:
        assert problems(upstream(url)) == []


def test_models_that_are_not_there(problems):
    """A name that the upstream does not list."""
    with serving(answering(b'{"data": [{"id": "there"}]}')) as url:
        (said,) = problems(
            upstream(url) + '[models.a]\nupstream = "x"\nmodel = "there"\n'
            '[models.b]\nupstream = "x"\n'
        )
    assert said.startswith("models.b: upstream 'x' does not list a model b.")
