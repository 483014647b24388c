"""`strictgate doctor`: looks at a configuration and at what is around it, and says what to do.

Each finding is a sentence. Nothing is changed, and no model is asked: GETs that cost no tokens.
"""

import asyncio
import platform
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from strictgate import __version__
from strictgate.commands.neighbours import is_strictgate
from strictgate.commands.runtime_file import NotRunning, RuntimeFile
from strictgate.commands.start_checks import (
    check_exposure,
    check_loops,
    check_processes,
    usable_cores,
)
from strictgate.core.errors import GatewayError
from strictgate.core.resilience.messages import SharedUnavailable
from strictgate.core.value_type import value_type
from strictgate.core.wire.address import without_password
from strictgate.gateway.client_keys import key_ring
from strictgate.observe.events import Event, SharedStoreChanged
from strictgate.settings.loading import Settings, SettingsError, load
from strictgate.settings.upstreams import Upstream
from strictgate.shared.opening import open_shared
from strictgate.upstream.client import Client, Fetched
from strictgate.upstream.http.faults import TlsFailed
from strictgate.upstream.presets import GENERIC, PRESETS
from strictgate.upstream.recognition import LATER, MODELS, look
from strictgate.upstream.routing import Endpoint, Router


@value_type
class Diagnosis:
    """One thing that was looked at."""

    is_well: bool
    said: str
    """A sentence; where it is not well, it says what to do."""

    def line(self) -> str:
        """Return it as a line for people."""
        return f"{'ok     ' if self.is_well else 'PROBLEM'}  {self.said}"


def diagnose(
    config: Path | None,
    environment: Mapping[str, str],
    change: Callable[[Settings], Settings] = lambda settings: settings,
) -> Iterator[Diagnosis]:
    """Yield what is found, one after the other as it is looked at.

    Args:
        config: the file; None: the one that STRICTGATE_CONFIG names, or none.
        environment: where the variables of keys are looked up.
        change: what the command line changes in the settings.
    """
    yield Diagnosis(True, f"Strictgate {__version__} on Python {platform.python_version()}.")
    try:
        settings = change(load(config))
    except SettingsError as error:
        yield Diagnosis(False, f"The configuration cannot be read: {error}")
        return
    yield from _configuration(settings, environment)
    yield _port(settings)
    yield from asyncio.run(_shared_store(settings))
    try:
        router = Router(settings, environment)
    except SettingsError:
        return  # it was said
    yield from asyncio.run(_upstreams(settings, router))


def _configuration(settings: Settings, environment: Mapping[str, str]) -> Iterator[Diagnosis]:
    """Yield what is wrong with the settings, each check by itself, so that all of it is said."""
    server = settings.server
    checks: tuple[Callable[[], Any], ...] = (
        lambda: check_exposure(settings),
        lambda: key_ring(settings, environment),
        lambda: Router(settings, environment),
        lambda: check_loops(settings, server.host, server.port),
        lambda: check_processes(server.workers, usable_cores()),
        lambda: open_shared(settings.shared, lambda event: None),
    )
    is_well = bool(settings.upstreams)
    if not is_well:
        yield Diagnosis(False, "No upstream is configured: give --upstream URL, or --config FILE.")
    for check in checks:
        try:
            check()
        except SettingsError as error:
            is_well = False
            yield Diagnosis(False, str(error))
    if is_well:
        yield Diagnosis(
            True,
            f"The configuration fits together: upstreams {', '.join(settings.upstreams)}; "
            f"{len(settings.models)} models listed. No upstream leads back here.",
        )


def _port(settings: Settings) -> Diagnosis:
    """Say whether Strictgate could listen where it is to, or does."""
    host, port = settings.server.host, settings.server.port
    where = f"{host}:{port}"
    try:
        state = RuntimeFile(port).read_state()
    except NotRunning:
        pass
    else:
        return Diagnosis(True, f"Strictgate listens on {where} already (process {state.pid}).")
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen()
    except OSError as error:
        if asyncio.run(_is_ours(settings)):
            return Diagnosis(True, f"A Strictgate listens on {where} already.")
        return Diagnosis(
            False,
            f"{where} cannot be listened on ({error.strerror}). Stop what listens there, or choose "
            "another port: --port, or server.port.",
        )
    return Diagnosis(True, f"{where} is free to listen on.")


async def _is_ours(settings: Settings) -> bool:
    """Whether what listens there is a Strictgate: a demonstration, or another user's."""
    host, port = settings.server.host, settings.server.port
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    about = (PRESETS[GENERIC].capabilities, Upstream(base_url=url))
    endpoint = Endpoint("port", url, None, *about)
    async with Client(settings.limits) as client:
        return await is_strictgate(client, endpoint)


async def _shared_store(settings: Settings) -> list[Diagnosis]:
    """Ask the store that replicas share, if there is one, whether it is there."""
    seen: list[Event] = []
    try:
        is_shared = await open_shared(settings.shared, seen.append).ping()
    except SettingsError:
        return []  # it was said
    except SharedUnavailable:
        errors = [each.error for each in seen if isinstance(each, SharedStoreChanged)]
        said = (
            f"The store of [shared] cannot be used: {'; '.join(filter(None, errors))}. See whether "
            "its server is up, whether the URL has its password, and whether the user may run "
            "scripts (Redis) or connect (PostgreSQL)."
        )
        return [Diagnosis(False, said)]
    return [Diagnosis(True, "The store of [shared] answers.")] if is_shared else []


async def _upstreams(settings: Settings, router: Router) -> list[Diagnosis]:
    client = Client(settings.limits)
    async with client:
        looks = [_upstream(client, each) for each in router.endpoints.values()]
        found = await asyncio.gather(*looks)
    return [
        each
        for (name, (listed, told)) in zip(router.endpoints, found, strict=True)
        for each in (told, *_missing_models(settings, name, listed))
    ]


async def _upstream(client: Client, endpoint: Endpoint) -> tuple[Fetched | None, Diagnosis]:
    """Ask an upstream for its models, and say how it is."""
    where = f"Upstream '{endpoint.name}' ({endpoint.base_url})"
    try:
        async with asyncio.timeout(LATER):
            listed = await client.fetch(endpoint, MODELS, endpoint.credentials(None))
            seen = await look(client, endpoint)
    except TimeoutError:
        said = f"{where} has not answered within {LATER:g} seconds. See whether its server is up."
        return None, Diagnosis(False, said)
    except GatewayError as error:
        what = error.message.removeprefix(f"The upstream '{endpoint.name}'")
        what = what.removeprefix(f" ({endpoint.base_url})").lstrip()
        said = f"{where} {what} {_advice(endpoint, error.__cause__)}"
        return None, Diagnosis(False, said)
    return listed, _judged(where, endpoint, listed, seen.preset, seen.problem)


def _advice(endpoint: Endpoint, cause: BaseException | None) -> str:
    """Say what to do where an upstream cannot be reached."""
    if isinstance(cause, TlsFailed) and isinstance(cause.os_error, ssl.SSLCertVerificationError):
        return (
            "Where its certificate is of a CA of your own, name that one's file in SSL_CERT_FILE."
        )
    if endpoint.settings.proxy:
        proxy = without_password(endpoint.settings.proxy.get_secret_value())
        return f"See whether the proxy {proxy} is up, and lets you through."
    return "See whether its server is up."


def _judged(
    where: str, endpoint: Endpoint, listed: Fetched, preset: str, problem: str
) -> Diagnosis:
    status = listed.status
    if problem:
        return Diagnosis(False, f"{where}: {problem}")
    if status in (401, 403) and endpoint.settings.api_key_env is not None:
        said = (
            f"{where} refuses its key ({status}). See what {endpoint.settings.api_key_env} holds."
        )
        return Diagnosis(False, said)
    if status in (401, 403):
        said = f"{where} wants a key; without api_key_env the clients' own keys go there."
        return Diagnosis(True, said)
    if status >= 500:
        return Diagnosis(False, f"{where} answers with status {status}. Look into its own log.")
    what = "" if endpoint.settings.preset else f", and looks like preset {preset}"
    return Diagnosis(True, f"{where} answers{what}.")


def _missing_models(settings: Settings, name: str, listed: Fetched | None) -> Iterator[Diagnosis]:
    """Yield the models that the configuration lists and the upstream does not."""
    body = listed.json() if listed is not None and listed.status == 200 else None
    rows = body.get("data") if isinstance(body, dict) else None
    if not isinstance(rows, list):
        return
    there = {row.get("id") for row in rows if isinstance(row, dict)}
    for alias, model in settings.models.items():
        wanted = model.model or alias
        if model.upstream == name and wanted not in there:
            yield Diagnosis(
                False,
                f"models.{alias}: upstream '{name}' does not list a model {wanted}. Correct "
                f"`model`, or see GET {MODELS} there; some hosts serve more than they list.",
            )
