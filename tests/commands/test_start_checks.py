"""What is refused before anything listens."""

import socket
from contextlib import closing

import pytest

from strictgate.commands.start_checks import (
    check_loops,
    check_processes,
    check_settings,
    usable_cores,
)
from strictgate.settings.loading import Settings, SettingsError

AWAY = {"base_url": "http://127.0.0.1:9/v1"}


def upstream(base_url, **fields):
    return Settings(upstreams={"main": {"base_url": base_url, **fields}})


@pytest.mark.parametrize(
    ("base_url", "host"),
    [
        ("http://127.0.0.1:8080/v1", "127.0.0.1"),
        ("http://localhost:8080/v1", "127.0.0.1"),
        ("http://127.0.0.1:8080", "localhost"),
        ("https://127.0.0.1:8080/v1", "127.0.0.1"),
        ("http://127.0.0.1:8080/v1", "0.0.0.0"),
        ("http://127.7.7.7:8080/v1", "0.0.0.0"),
    ],
)
def test_its_own_upstream(base_url, host):
    """An upstream that is Strictgate itself is refused, in words that say what to do."""
    with pytest.raises(SettingsError, match=r"upstreams\.main\.base_url: .* it would ask itself"):
        check_loops(upstream(base_url), host, 8080)


@pytest.mark.parametrize(
    ("base_url", "host"),
    [
        ("http://127.0.0.1:8081/v1", "127.0.0.1"),
        ("http://127.0.0.2:8080/v1", "127.0.0.1"),
        ("http://192.0.2.1:8080/v1", "0.0.0.0"),
        ("http://nowhere.invalid:8080/v1", "0.0.0.0"),
        ("http://127.0.0.1/v1", "127.0.0.1"),
    ],
)
def test_another(base_url, host):
    """Another port, another address, another machine."""
    check_loops(upstream(base_url), host, 8080)


def test_the_port_of_the_scheme():
    """A base_url without one has 80, or 443."""
    with pytest.raises(SettingsError):
        check_loops(upstream("http://127.0.0.1/v1"), "127.0.0.1", 80)


def test_through_a_proxy():
    """The proxy knows where that leads, we do not."""
    check_loops(upstream("http://127.0.0.1:8080/v1", proxy="http://127.0.0.1:3128"), "::1", 8080)
    behind = upstream("http://127.0.0.1:8080/v1", proxy="http://127.0.0.1:3128")
    check_loops(behind, "127.0.0.1", 8080)


def test_the_address_of_a_preset():
    """llama.cpp's default port is Strictgate's own."""
    settings = Settings(upstreams={"main": {"preset": "llamacpp"}})
    with pytest.raises(SettingsError, match="8080/v1 is where Strictgate itself listens"):
        check_settings(settings, {})
    check_settings(settings.with_server({"port": 0}), {})


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ({}, "no upstream is configured"),
        ({"upstreams": {"x": AWAY}, "server": {"host": "0.0.0.0"}}, "no client keys are set"),
        ({"upstreams": {"x": AWAY | {"api_key_env": "NONE"}}}, "the variable NONE is not set"),
        ({"upstreams": {"x": AWAY}, "default_upstream": "y"}, "no upstream 'y'"),
    ],
)
def test_what_serve_refuses(tables, said):
    """Whoever asks beforehand hears the same."""
    with pytest.raises(SettingsError, match=said):
        check_settings(Settings(**tables), {})


def test_all_well():
    """A port that is somebody else's is found out when it is to be listened on."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        check_settings(Settings(upstreams={"x": AWAY}, server={"port": port}), {})


@pytest.mark.parametrize(("workers", "cores"), [(1, 1), (16, 2), (64, 8), (256, 64)])
def test_processes_that_a_machine_has_a_use_for(workers, cores):
    """A few for each core: who sets them may know better."""
    check_processes(workers, cores)
    assert usable_cores() >= 1


@pytest.mark.parametrize(("workers", "cores"), [(99, 2), (65, 8)])
def test_processes_that_no_machine_has_a_use_for(workers, cores):
    """What can only be a mistake is said, with what to set."""
    with pytest.raises(SettingsError, match=rf"server.workers: .*\(--workers {cores}\)"):
        check_processes(workers, cores)
