"""What is checked of a configuration before it is served, and before `plan` says what would be."""

import ipaddress
import os
import socket
from collections.abc import Mapping
from urllib.parse import urlsplit

from strictgate.core.wire.address import host_of, is_loopback
from strictgate.gateway.client_keys import key_ring
from strictgate.settings.loading import Settings, SettingsError
from strictgate.upstream.presets import PRESETS
from strictgate.upstream.routing import Router

_PORTS = {"http": 80, "https": 443}


def check_settings(settings: Settings, environment: Mapping[str, str]) -> None:
    """Refuse what can be seen to be wrong before anything listens.

    Args:
        environment: where the variables that `api_key_env` names are looked up.

    Raises:
        SettingsError: it could not be served; the message names the field.
    """
    check_exposure(settings)
    if not settings.upstreams:
        raise SettingsError(
            "no upstream is configured: give --upstream URL or --config FILE; `strictgate serve` "
            "also takes --demo"
        )
    key_ring(settings, environment)
    Router(settings, environment)  # the tables fit together, and each key's variable is set
    if settings.server.port:
        check_loops(settings, settings.server.host, settings.server.port)


def check_exposure(settings: Settings) -> None:
    """Check that no network can use the upstreams without a client key.

    Raises:
        SettingsError: the address is not loopback, there are no client keys, and the settings do
            not say that this is wanted.
    """
    server = settings.server
    if server.api_keys or settings.keys or server.allow_keyless or is_loopback(server.host):
        return
    raise SettingsError(
        f"server.host: {server.host} can be reached from other machines, and no client keys are "
        "set. Set STRICTGATE_SERVER__API_KEYS, or say server.allow_keyless = true "
        "(STRICTGATE_SERVER__ALLOW_KEYLESS=true) if the network around it is trusted."
    )


def usable_cores() -> int:
    """Return how many cores this process may compute on."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        return os.cpu_count() or 1


MAX_PROCESSES = 8
"""For each core, but 16 in all: more take memory, and turns from each other."""


def check_processes(workers: int, cores: int) -> None:
    """Refuse a number of processes that this machine has no use for.

    Raises:
        SettingsError
    """
    most = max(16, MAX_PROCESSES * cores)
    if workers > most:
        raise SettingsError(
            f"server.workers: {workers} processes are of no use on {cores} cores: each computes on "
            f"one. At most {most} are started; {cores} would use all (--workers {cores})."
        )


def check_loops(settings: Settings, host: str, port: int) -> None:
    """Refuse an upstream whose address is the one that Strictgate itself listens on.

    What leads back here by way of another host is found out by the first request (508).

    Args:
        host: the address that is listened on, or a name of it.
        port: the port.

    Raises:
        SettingsError
    """
    for name, upstream in settings.upstreams.items():
        preset = PRESETS.get(upstream.preset or "")
        address = upstream.base_url or (preset.base_url if preset else "")
        url = urlsplit(address)
        is_direct = upstream.proxy is None and url.hostname is not None
        theirs = url.port or _PORTS.get(url.scheme.lower())
        if is_direct and theirs == port and _is_ours(host_of(address), host):
            raise SettingsError(
                f"upstreams.{name}.base_url: {address} is where Strictgate itself listens "
                f"({host}:{port}), so it would ask itself. Give the address of the model's server, "
                "or let Strictgate listen elsewhere: --port, or server.port."
            )


def _is_ours(name: str, host: str) -> bool:
    """Whether the host `name` leads to what listens on `host`, on this machine."""
    listening = _addresses(host)
    if any(ipaddress.ip_address(each).is_unspecified for each in listening):
        return any(map(_is_local, _addresses(name)))
    return bool(listening & _addresses(name))


def _addresses(name: str) -> set[str]:
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except OSError:
        return set()  # it leads nowhere
    return {str(each[4][0]).partition("%")[0] for each in found}


def _is_local(address: str) -> bool:
    """Whether it is one of this machine's: only those can be listened on."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True
