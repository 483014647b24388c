"""`strictgate serve`, as it is called: its arguments, and the settings that come of them.

It stands apart from the other commands (actions.py) because it is the one that is started again and
again, and needs nothing of theirs.
"""

import argparse
from collections.abc import Callable
from contextlib import nullcontext
from importlib import import_module
from pathlib import Path

from strictgate.commands.running import KEY_VARIABLE, UsageError
from strictgate.commands.serve import listening_socket, serve
from strictgate.core.jsontext.reader import write_json
from strictgate.settings.loading import Settings, load

DEMO = """\
The demonstration upstream is embedded: no API key, no network. Its model names select behaviour:
`demo/clean`, `demo/no-json-schema+fenced`, `demo/wrong-once`, … (GET /v1/models lists them).
Open {url}/inspector in a browser: it shows each request as it happens.
{before}Try:

curl {url}/v1/chat/completions -H 'content-type: application/json'{header} -d '{body}'

pip install openai, and then:

{imports}from openai import OpenAI
client = OpenAI(base_url="{url}/v1", api_key={key})
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
_KEYLESS = {"before": "", "header": "", "imports": "", "key": '"none"'}
_KEYED = {
    "before": f"""\
This gateway has client keys: first put one of them into a variable of your shell, by
export {KEY_VARIABLE}=…
""",
    "header": f' -H "authorization: Bearer ${KEY_VARIABLE}"',
    "imports": "import os\n",
    "key": f'os.environ["{KEY_VARIABLE}"]',
}
"""What is said of the client key, where there is none and where there are some."""
_SCHEMA = {
    "type": "object",
    "properties": {"mood": {"type": "string", "enum": ["happy", "angry"]}},
    "required": ["mood"],
    "additionalProperties": False,
}


def add_serve(parser: argparse.ArgumentParser) -> None:
    """Give the parser the arguments of `serve`."""
    parser.epilog = "Every setting can be given by a variable: STRICTGATE_SERVER__PORT=9000."
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="TOML configuration; or STRICTGATE_CONFIG"
    )
    parser.add_argument("--host", metavar="H", help="address to listen on; 127.0.0.1")
    parser.add_argument("--port", type=int, metavar="P", help="port; 8080, 0 picks a free one")
    parser.add_argument("--workers", type=int, metavar="N", help="processes that answer; 1")
    add_upstream(parser)
    parser.set_defaults(command=_serve)


def add_upstream(parser: argparse.ArgumentParser) -> None:
    """Give the parser the arguments that name an upstream, and say what it is."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--upstream", metavar="URL", help="the upstream; a whole configuration")
    where.add_argument("--demo", action="store_true", help="the embedded demonstration upstream")
    parser.add_argument(
        "--preset", metavar="NAME", help="what the --upstream is; by default it is recognised"
    )


def _serve(options: argparse.Namespace) -> int:
    def again() -> Settings:
        return with_options(load(options.config), options)

    settings = again()
    announce = _announcement(demo_text(settings) if options.demo else "")
    with listening_socket("127.0.0.1", 0) if options.demo else nullcontext() as beside:
        if settings.server.workers > 1:
            several = import_module("strictgate.commands.serve_processes")  # few have a use for it
            code: int = several.serve_by_processes(settings, announce, demo=beside, again=again)
            return code
        serve(settings, announce, demo=beside, again=again)
    return 0


def with_options(settings: Settings, options: argparse.Namespace) -> Settings:
    """Return the settings with what the command line says, which overrides file and variables."""
    settings = with_upstream(settings, options)
    changes = {
        name: getattr(options, name)
        for name in ("host", "port", "workers")
        if getattr(options, name, None) is not None
    }
    return settings.with_server(changes) if changes else settings


def with_upstream(settings: Settings, options: argparse.Namespace) -> Settings:
    """Return the settings with the upstream that the command line names, if it names one."""
    if options.preset and (options.demo or not options.upstream):
        raise UsageError("--preset says what --upstream URL is; in a file it is `preset`")
    if not options.upstream:
        return settings
    name, preset = ("demo", "demo") if options.demo else ("upstream", options.preset)
    return settings.with_upstream(name, options.upstream, preset)


def _announcement(text: str) -> Callable[[str], None]:
    """Return what prints the URL once the server accepts connections.

    The first line is for programs: one that starts the gateway with port 0 reads the port there.

    Args:
        text: what follows, with {url} in it; "": nothing.
    """

    def announce(url: str) -> None:
        print(f"Strictgate listening on {url}", flush=True)
        if text:
            print("\n" + text.replace("{url}", url), flush=True)

    return announce


def demo_text(settings: Settings) -> str:
    """Return what is said of the demonstration upstream, {url} standing for the gateway's URL."""
    has_keys = bool(settings.server.api_keys or settings.keys)
    about = _KEYED if has_keys else _KEYLESS
    return DEMO.format(url="{url}", body=_demo_body(), schema=_SCHEMA, **about)


def _demo_body() -> str:
    inner = {"name": "mood", "strict": True, "schema": _SCHEMA}
    return write_json(
        {
            "model": "demo/clean",
            "messages": [{"role": "user", "content": "How is Rico?"}],
            "response_format": {"type": "json_schema", "json_schema": inner},
        }
    )
