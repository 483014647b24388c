"""uvicorn's server, imported without uvicorn's command line.

`import uvicorn` imports its command line, too, and click and multiprocessing with it: 6 % of a
start, and 2 MiB, for what nobody calls here. So a stand-in takes its place meanwhile, which loads
it when one of its functions is called.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any

_COMMAND_LINE = "uvicorn.main"


def _late(name: str) -> Callable[..., Any]:
    def call(*arguments: Any, **options: Any) -> Any:
        return getattr(import_module(_COMMAND_LINE), name)(*arguments, **options)

    return call


_is_first = "uvicorn" not in sys.modules
if _is_first:
    stand_in = ModuleType(_COMMAND_LINE)
    stand_in.__getattr__ = _late  # type: ignore[method-assign]
    sys.modules[_COMMAND_LINE] = stand_in
try:
    import uvicorn
    from uvicorn.config import Config
    from uvicorn.server import Server, ServerState
finally:
    if _is_first:
        del sys.modules[_COMMAND_LINE]
uvicorn.Server = Server  # type: ignore[misc]  # which it has from its command line

__all__ = ["Config", "Server", "ServerState"]
