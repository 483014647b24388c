"""The command line: reads the arguments and runs `demo`, `serve`, `reload`, `check`, `plan`,
`replay`, `probe`, `doctor`, `launch`, `config`.

Exit codes: 0, all is well; 1, the schema or request that was asked about has problems; 2, the call
or the configuration is wrong; 130, the user interrupted the command (128 + SIGINT, as in a shell).
Results go to standard output, messages about the call itself to standard error.
"""

import argparse
import gc
import sys
from collections.abc import Sequence
from importlib import import_module, resources
from types import ModuleType
from typing import Any

from strictgate import __version__

_ACTIONS = "strictgate.commands.actions"
_RUNNING = "strictgate.commands.running"
_COMMANDS = {
    "demo": ("show in a minute what it does; no key, no network", _ACTIONS),
    "serve": ("serve the gateway", "strictgate.commands.serve_command"),
    "reload": ("have a running `serve` read its configuration", _ACTIONS),
    "check": ("say what will be enforced of a schema", _ACTIONS),
    "plan": ("print the upstream requests, without sending", _ACTIONS),
    "replay": ("run requests that the inspector has saved", _ACTIONS),
    "probe": ("ask a real model what it really does", "strictgate.commands.probe_command"),
    "doctor": ("look at a configuration, say what to do", _ACTIONS),
    "launch": ("start a client that asks this gateway", "strictgate.commands.launch"),
}
"""Of each command what it is for, and the module whose `add_NAME` gives a parser its arguments."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that `arguments` name; return the exit code.

    Args:
        arguments: the words behind the program's name; None: those of this process.

    Raises:
        SystemExit: argparse has printed help, the version or an error in the call.
    """
    options = _parser().parse_args(arguments)
    if options.command is None:
        _print_example()
        return 0
    code: int = _loaded(_RUNNING).run(options)
    return code


class _LateParser(argparse.ArgumentParser):
    """The parser of one command, which gets its arguments when the command is called: their module
    loads the whole server."""

    module = ""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        if self.module:
            module, self.module = self.module, ""
            getattr(_loaded(module), f"add_{self.prog.split()[-1]}")(self)
        return super().parse_known_args(args, namespace)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="strictgate", description="strict: true for every model: enforce JSON Schemas."
    )
    parser.add_argument("--version", action="version", version=f"strictgate {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_LateParser)
    for name, (purpose, module) in _COMMANDS.items():
        commands.add_parser(name, help=purpose).module = module
    config = commands.add_parser("config", help="print an example configuration, explained")
    config.set_defaults(command=None)
    return parser


def _loaded(name: str) -> ModuleType:
    """Import a module with all that it needs, the garbage collector at rest.

    It would look 200 times through what only grows. What is loaded stays for good, so that later
    collections need not walk it either.
    """
    if name in sys.modules:
        return sys.modules[name]
    gc.disable()
    try:
        return import_module(name)
    finally:
        gc.freeze()
        gc.enable()


def _print_example() -> None:
    example = resources.files("strictgate").joinpath("config.example.toml")
    print(example.read_text(encoding="utf-8"), end="")
