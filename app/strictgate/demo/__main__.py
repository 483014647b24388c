"""The demonstration upstream as a server of its own: `python -m strictgate.demo`."""

import argparse
import socket

import uvicorn

from strictgate.demo.behaviours import BEHAVIOURS
from strictgate.demo.upstream import create_demo


def main(arguments: list[str] | None = None) -> None:
    """Run the server until it is interrupted."""
    options = _options(arguments)
    listener = socket.create_server((options.host, options.port), reuse_port=False)
    host, port = listener.getsockname()[:2]
    config = uvicorn.Config(
        create_demo(record=options.record),
        lifespan="off",
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=1,
    )
    print(f"Demonstration upstream on http://{host}:{port}/v1", flush=True)
    with listener:
        uvicorn.Server(config).run([listener])


def _options(arguments: list[str] | None) -> argparse.Namespace:
    width = max(map(len, BEHAVIOURS))
    parser = argparse.ArgumentParser(
        prog="python -m strictgate.demo",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Models, which can be joined by `+`, as in demo/thinks+fenced:\n"
        + "\n".join(f"  {name:{width}}  {each.description}" for name, each in BEHAVIOURS.items()),
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8099, help="0 picks a free one")
    parser.add_argument(
        "--record",
        action="store_true",
        help="show the last requests, with their keys, at /_requests: for tests only",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
