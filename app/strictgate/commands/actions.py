"""What the commands of the command line take, and what they do, but for `serve`, which is apart
(serve_command.py); main.py says which there are."""

import argparse
import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

from strictgate.commands.check import check_schema, report
from strictgate.commands.doctor import diagnose
from strictgate.commands.embedded_demo import demo_if_wanted
from strictgate.commands.plan import PATHS, upstream_requests
from strictgate.commands.replay import NotATest, replay_all
from strictgate.commands.running import UsageError
from strictgate.commands.runtime_file import NotRunning, RuntimeFile, reload_running
from strictgate.commands.serve import listening_socket, serve, url_of
from strictgate.commands.serve_command import add_upstream, with_options, with_upstream
from strictgate.commands.showcase import show
from strictgate.commands.start_checks import check_settings
from strictgate.core.errors import GatewayError
from strictgate.core.jsontext.reader import NotJSON, parse_json, write_json
from strictgate.core.wire.request_body import RequestBody
from strictgate.observe.log_lines import LogLevel
from strictgate.settings.keys import key_value
from strictgate.settings.loading import Settings, SettingsError, load

DEMO_END = """\
Every request, painted by who wrote which byte:  {url}/inspector
For your SDK:                                    base_url = "{url}/v1", api_key = {key}
A model of your own:                             strictgate serve --upstream URL

It goes on serving these models until you stop it with Ctrl+C.
"""


def add_demo(parser: argparse.ArgumentParser) -> None:
    """Give the parser the arguments of `demo`."""
    parser.epilog = "Then it serves, as `serve --demo` does, until Ctrl+C."
    parser.add_argument(
        "--port", type=int, metavar="P", help="port; 8080, or a free one where that is taken"
    )
    parser.set_defaults(command=_demo)


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
    add_upstream(parser)
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
    add_upstream(parser)
    parser.set_defaults(command=_doctor)


def _demo(options: argparse.Namespace) -> int:
    settings = load()
    port = _usable_port(settings) if options.port is None else options.port
    settings = settings.with_server({"port": port, "workers": 1}).with_log_level(LogLevel.ERROR)
    key = _own_key(settings)
    with listening_socket("127.0.0.1", 0) as beside:

        def tour(url: str) -> None:
            show(url_of(beside), url, key)
            said = '"none"' if key is None else "a client key of the configuration"
            print(DEMO_END.format(url=url, key=said), flush=True)

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


def _check(options: argparse.Namespace) -> int:
    if options.config:
        check_settings(load(options.config), os.environ)
    found = check_schema(_document(options.schema), strictly=options.strict)
    print(write_json(found) if options.json else report(found))
    return 1 if found["problems"] else 0


def _plan(options: argparse.Namespace) -> int:
    request = RequestBody(_contents(options.request))
    try:
        with demo_if_wanted(options):
            settings = with_upstream(load(options.config), options)
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
    with demo_if_wanted(options):
        for each in diagnose(
            options.config, os.environ, lambda settings: with_options(settings, options)
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
