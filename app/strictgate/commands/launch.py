"""`strictgate launch`: starts a client with its flags and variables set to this gateway.

Nothing is written to the client's own files: Codex takes its configuration by `-c` (its
documentation, "Config basics"), opencode as JSON in OPENCODE_CONFIG_CONTENT (opencode.ai/docs,
"Config"). Any other program gets the variables that OpenAI's and Groq's SDKs know.
"""

import argparse
import os
import shutil
import socket
from collections.abc import Callable, Mapping
from dataclasses import field
from urllib.parse import urlsplit

from strictgate.commands.running import KEY_VARIABLE, CommandFailed
from strictgate.core.jsontext.reader import write_json
from strictgate.core.value_type import value_type
from strictgate.core.wire.address import checked_base_url

_PROVIDER = "strictgate"
_NO_KEY = "none"
_PORTS = {"http": 80, "https": 443}


class LaunchFailed(CommandFailed):
    """The client cannot be started; the message says what to do."""


@value_type
class Launch:
    """What a client is started with, beyond what the user gives."""

    arguments: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)


def _codex(url: str, model: str, key: str) -> Launch:
    provider = {"name": "Strictgate", "base_url": f"{url}/v1", "wire_api": "responses"}
    provider |= {"env_key": KEY_VARIABLE}
    pairs = {"model": model, "model_provider": _PROVIDER} | {
        f"model_providers.{_PROVIDER}.{name}": value for name, value in provider.items()
    }
    flags = (
        each for name, value in pairs.items() for each in ("-c", f"{name}={write_json(value)}")
    )
    return Launch(tuple(flags), {KEY_VARIABLE: key})


def _opencode(url: str, model: str, key: str) -> Launch:
    provider = {
        "npm": "@ai-sdk/openai-compatible",
        "name": "Strictgate",
        "options": {"baseURL": f"{url}/v1", "apiKey": key},
        "models": {model: {"name": model}},
    }
    config = {"model": f"{_PROVIDER}/{model}", "provider": {_PROVIDER: provider}}
    return Launch((), {"OPENCODE_CONFIG_CONTENT": write_json(config)})


CLIENTS: Mapping[str, Callable[[str, str, str], Launch]] = {"codex": _codex, "opencode": _opencode}
"""The clients that have a configuration of their own: URL, model and key give what they get."""


def launch_of(client: str, url: str, model: str | None, key: str) -> Launch:
    """Return what `client` is started with.

    Args:
        client: a name of CLIENTS, or any program.
        url: the gateway's, without a path.
        model: as clients name it; programs that are not in CLIENTS choose for themselves.
        key: the client key; "none" where the gateway wants none.

    Raises:
        LaunchFailed: the client needs a model.
    """
    if client not in CLIENTS:
        names = {"OPENAI_BASE_URL": f"{url}/v1", "OPENAI_API_BASE": f"{url}/v1"}
        names |= {"OPENAI_API_KEY": key, "GROQ_BASE_URL": url, "GROQ_API_KEY": key}
        return Launch((), names)
    if model is None:
        raise LaunchFailed(f"{client} must be told which model: --model M, before its name")
    return CLIENTS[client](url, model, key)


def add_launch(parser: argparse.ArgumentParser) -> None:
    """Give the parser the arguments of `launch`."""
    parser.epilog = (
        f"Clients with a configuration of their own: {', '.join(CLIENTS)}. Any other program gets "
        "the variables of OpenAI's and Groq's SDKs. Where the gateway has client keys, give one "
        f"in {KEY_VARIABLE}."
    )
    parser.add_argument("--model", metavar="M", help="the model, as clients name it")
    parser.add_argument(
        "--url", default="http://127.0.0.1:8080", help="where Strictgate listens; %(default)s"
    )
    parser.add_argument("client", metavar="CLIENT", help="codex, opencode, or any program")
    parser.add_argument(
        "rest", nargs=argparse.REMAINDER, metavar="-- …", help="the client's own arguments"
    )
    parser.set_defaults(command=run_launch)


def run_launch(options: argparse.Namespace) -> int:
    """Become the client; return only where that fails.

    Raises:
        LaunchFailed: there is no such program, or nothing listens at the URL.
    """
    try:
        url = checked_base_url(options.url).removesuffix("/v1")
    except ValueError as error:
        raise LaunchFailed(f"--url: {error}") from error
    key = os.environ.get(KEY_VARIABLE, "").strip() or _NO_KEY
    launch = launch_of(options.client, url, options.model, key)
    program = shutil.which(options.client)
    if program is None:
        raise LaunchFailed(f"there is no program {options.client}: install it, or see PATH")
    _check_listening(url)
    rest = options.rest[1:] if options.rest[:1] == ["--"] else options.rest
    environment = {**os.environ, **launch.variables}
    os.execve(program, [options.client, *launch.arguments, *rest], environment)  # does not return


def _check_listening(url: str) -> None:
    """Raise LaunchFailed where nothing listens at `url`."""
    at = urlsplit(url)
    try:
        socket.create_connection((at.hostname or "", at.port or _PORTS[at.scheme]), 2).close()
    except OSError as error:
        raise LaunchFailed(
            f"nothing answers at {url} ({error}). Start `strictgate serve` first, or say where it "
            "is: --url, before the client's name"
        ) from error
