"""What the commands of the command line take, and what they do; main.py says which there are."""

import argparse
import json
import os
import sys
from collections.abc import Callable
from contextlib import nullcontext, suppress
from pathlib import Path
from threading import Thread
from typing import Any

from strictgate.commands.check import check_schema, report
from strictgate.commands.doctor import diagnose
from strictgate.commands.launch import LaunchFailed
from strictgate.commands.plan import PATHS, upstream_requests
from strictgate.commands.probe import ProbeFailed
from strictgate.commands.replay import NotATest, replay_all
from strictgate.commands.runtime_file import NotRunning, RuntimeFile, reload_running
from strictgate.commands.serve import listening_socket, serve, url_of
from strictgate.commands.serve_processes import serve_by_processes
from strictgate.commands.showcase import show
from strictgate.commands.start_checks import check_settings
from strictgate.core.errors import GatewayError
from strictgate.core.jsontext.reader import NotJSON, parse_json, write_json
from strictgate.core.wire.request_body import RequestBody
from strictgate.observe.log_lines import LogLevel
from strictgate.settings.keys import key_value
from strictgate.settings.loading import Settings, SettingsError, load

DEMO = """\
The demonstration upstream is embedded: no API key, no network. Its model names select behaviour:
`demo/clean`, `demo/no-json-schema+fenced`, `demo/wrong-once`, … (GET /v1/models lists them).
Open {url}/inspector in a browser: it shows each request as it happens. Try:

curl {url}/v1/chat/completions -H 'content-type: application/json' -d '{body}'

pip install openai, and then:

from openai import OpenAI
client = OpenAI(base_url="{url}/v1", api_key="none")
ask = [{{"role": "user", "content": "How is Rico?"}}]
schema = {schema}
wanted = {{"type": "json_schema", "json_schema": {{"name": "mood", "schema": schema}}}}
print(client.chat.completions.create(model="demo/wrong-once", messages=ask, response_format=wanted))

A stream under guard, from a model that is slow and often wrong, and goes on where it was right:

model = "demo/continues+slips-30+trickles"
for part in client.chat.completions.create(
    model=model, messages=ask, response_format=wanted, stream=True
):
    print(part.choices[0].delta.content or "", end="", flush=True)
"""
DEMO_END = """\
Every request, painted by who wrote which byte:  {url}/inspector
For your SDK (Ctrl+C ends it):                   base_url = "{url}/v1", api_key = "none"
A model of your own:                             strictgate serve --upstream URL
"""
_SCHEMA = {
    "type": "object",
    "properties": {"mood": {"type": "string", "enum": ["happy", "angry"]}},
    "required": ["mood"],
    "additionalProperties": False,
}


class UsageError(Exception):
    """A file on the command line cannot be used."""


def run(options: argparse.Namespace) -> int:
    """Run the command that was called; return the exit code."""
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except SettingsError as error:
        print(f"strictgate: configuration: {error}", file=sys.stderr)
        return 2
    except (UsageError, ProbeFailed, LaunchFailed) as error:
        print(f"strictgate: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def add_demo(parser: argparse.ArgumentParser) -> None:
    """Give the parser the arguments of `demo`."""
    parser.epilog = "Then it serves, as `serve --demo` does, until Ctrl+C."
    parser.add_argument(
        "--port", type=int, metavar="P", help="port; 8080, or a free one where that is taken"
    )
    parser.set_defaults(command=_demo)


def add_serve(parser: argparse.ArgumentParser) -> None:
    """Give the parser the arguments of `serve`."""
    parser.epilog = "Every setting can be given by a variable: STRICTGATE_SERVER__PORT=9000."
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="TOML configuration; or STRICTGATE_CONFIG"
    )
    parser.add_argument("--host", metavar="H", help="address to listen on; 127.0.0.1")
    parser.add_argument("--port", type=int, metavar="P", help="port; 8080, 0 picks a free one")
    parser.add_argument("--workers", type=int, metavar="N", help="processes that answer; 1")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--upstream", metavar="URL", help="the upstream; a whole configuration")
    _add_preset(parser)
    where.add_argument("--demo", action="store_true", help="the embedded demonstration upstream")
    parser.set_defaults(command=_serve)


def add_reload(parser: argparse.ArgumentParser) -> None:
    """Give the parser the arguments of `reload`."""
    parser.epilog = "It is told by SIGHUP. Requests that are under way end as they began."
    parser.add_argument("--port", type=int, metavar="P", help="where it listens; as configured")
    parser.add_argument("--config", type=Path, metavar="FILE", help="where the port stands")
    parser.set_defaults(command=_reload)


def add_check(parser: argparse.ArgumentParser) -> None:
    """Give the parser the arguments of `check`."""
    parser.add_argument("schema", type=Path, metavar="SCHEMA.json")
    parser.add_argument("--strict", action="store_true", help='the rules of "strict": true too')
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="a configuration to be checked as well"
    )
    parser.set_defaults(command=_check)


def add_plan(parser: argparse.ArgumentParser) -> None:
    """Give the parser the arguments of `plan`."""
    parser.add_argument("request", type=Path, metavar="REQUEST.json")
    parser.add_argument("--config", type=Path, metavar="FILE", help="TOML configuration")
    parser.add_argument("--upstream", metavar="URL", help="the upstream; a whole configuration")
    _add_preset(parser)
    parser.add_argument("--path", choices=sorted(PATHS), help="where it is posted to, below /v1")
    parser.set_defaults(command=_plan)


def add_replay(parser: argparse.ArgumentParser) -> None:
    """Give the parser the arguments of `replay`."""
    parser.epilog = "No upstream is asked: what it said then is in the file."
    parser.add_argument("tests", type=Path, nargs="+", metavar="FILE")
    parser.set_defaults(command=_replay)


def add_doctor(parser: argparse.ArgumentParser) -> None:
    """Give the parser the arguments of `doctor`."""
    parser.epilog = "Exit code 1 where there is a problem. No model is asked."
    parser.add_argument("--config", type=Path, metavar="FILE", help="TOML configuration")
    parser.add_argument("--host", metavar="H", help="address to listen on")
    parser.add_argument("--port", type=int, metavar="P", help="port to listen on")
    parser.add_argument("--upstream", metavar="URL", help="the upstream; a whole configuration")
    _add_preset(parser)
    parser.set_defaults(command=_doctor)


def _add_preset(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--preset", metavar="NAME", help="what the --upstream is; by default it is recognised"
    )


def _serve(options: argparse.Namespace) -> int:
    def again() -> Settings:
        return _with_options(load(options.config), options)

    announce = _announcement(demo=options.demo)
    settings = again()
    with listening_socket("127.0.0.1", 0) if options.demo else nullcontext() as beside:
        if settings.server.workers > 1:
            return serve_by_processes(settings, announce, demo=beside, again=again)
        serve(settings, announce, demo=beside, again=again)
    return 0


def _demo(options: argparse.Namespace) -> int:
    settings = load()
    port = _usable_port(settings) if options.port is None else options.port
    settings = settings.with_server({"port": port, "workers": 1}).with_log_level(LogLevel.ERROR)
    key = _own_key(settings)
    with listening_socket("127.0.0.1", 0) as beside:

        def tour(url: str) -> None:
            show(url_of(beside), url, key)
            print(DEMO_END.format(url=url), flush=True)

        def announce(url: str) -> None:
            print(f"Strictgate listening on {url}\n", flush=True)
            Thread(target=tour, args=(url,), daemon=True).start()

        serve(settings, announce, demo=beside)
    return 0


def _own_key(settings: Settings) -> str | None:
    """Return a client key that may ask any model; None: none is configured, and none is wanted."""
    for each in settings.server.api_keys:
        return each.get_secret_value()
    for name, key in sorted(settings.keys.items(), key=lambda item: bool(item[1].models)):
        with suppress(ValueError):  # `serve` says what is wrong with it
            return key_value(name, key, os.environ)
    return None


def _usable_port(settings: Settings) -> int:
    """Return the configured port; 0 where something else listens there."""
    try:
        listening_socket(settings.server.host, settings.server.port).close()
    except SettingsError:
        return 0
    return settings.server.port


def _reload(options: argparse.Namespace) -> int:
    if options.port is None:
        options.port = load(options.config).server.port
    try:
        state = reload_running(RuntimeFile(options.port))
    except NotRunning as error:
        raise UsageError(f"port {options.port}: {error}") from error
    if state.error:
        print(f"refused, and all is as it was: {state.error}", file=sys.stderr)
        return 1
    print("The configuration is in force for what comes from now on.")
    if state.waiting:
        print(f"These wait for a restart: {', '.join(state.waiting)}.")
    return 0


def _with_options(settings: Settings, options: argparse.Namespace) -> Settings:
    """Return the settings with what the command line says, which overrides file and variables."""
    settings = _with_upstream(settings, options)
    changes = {
        name: getattr(options, name)
        for name in ("host", "port", "workers")
        if getattr(options, name, None) is not None
    }
    return settings.with_server(changes) if changes else settings


def _with_upstream(settings: Settings, options: argparse.Namespace) -> Settings:
    if options.upstream:
        return settings.with_upstream("upstream", options.upstream, options.preset)
    if options.preset:
        raise UsageError("--preset says what --upstream URL is; in a file it is `preset`")
    return settings


def _announcement(*, demo: bool) -> Callable[[str], None]:
    """Return what prints the URL once the server accepts connections.

    The first line is for programs: one that starts the gateway with port 0 reads the port there.
    """

    def announce(url: str) -> None:
        print(f"Strictgate listening on {url}", flush=True)
        if demo:
            print("\n" + DEMO.format(url=url, body=_demo_body(), schema=_SCHEMA), flush=True)

    return announce


def _demo_body() -> str:
    inner = {"name": "mood", "strict": True, "schema": _SCHEMA}
    return write_json(
        {
            "model": "demo/clean",
            "messages": [{"role": "user", "content": "How is Rico?"}],
            "response_format": {"type": "json_schema", "json_schema": inner},
        }
    )


def _check(options: argparse.Namespace) -> int:
    if options.config:
        check_settings(load(options.config), os.environ)
    found = check_schema(_document(options.schema), strictly=options.strict)
    print(write_json(found) if options.json else report(found))
    return 1 if found["problems"] else 0


def _plan(options: argparse.Namespace) -> int:
    request = RequestBody(_contents(options.request))
    try:
        settings = _with_upstream(load(options.config), options)
        made, code = upstream_requests(settings, os.environ, request, options.path), 0
    except GatewayError as error:
        made, code = error.body(), 1
    print(json.dumps(made, indent=2, ensure_ascii=False))
    return code


def _replay(options: argparse.Namespace) -> int:
    saved = {str(path): _document(path) for path in options.tests}
    try:
        return 0 if replay_all(saved, print) else 1
    except NotATest as error:
        raise UsageError(str(error)) from error


def _doctor(options: argparse.Namespace) -> int:
    code = 0
    for each in diagnose(
        options.config, os.environ, lambda settings: _with_options(settings, options)
    ):
        print(each.line(), flush=True)
        code = code if each.is_well else 1
    return code


def _contents(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error


def _document(path: Path) -> Any:
    """Return the JSON value in a file; raise UsageError where it holds none."""
    try:
        return parse_json(_contents(path).decode())
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8") from error
    except NotJSON as error:
        raise UsageError(
            f"{path}: not JSON: {error.message} at character {error.position}"
        ) from error
