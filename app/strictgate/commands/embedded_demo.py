"""The demonstration upstream in this process: beside the gateway, or for a command that asks an
upstream and then ends (`--demo`)."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from strictgate.commands.serve import demo_config, listening_socket, url_of
from strictgate.commands.uvicorn_server import Server


@contextmanager
def demo_if_wanted(options: argparse.Namespace) -> Iterator[None]:
    """Where the command line says --demo, run the demonstration upstream until the block ends, in a
    thread, and have `options.upstream` name it."""
    if not options.demo:
        yield
        return
    with listening_socket("127.0.0.1", 0) as bound:
        server = Server(demo_config())
        thread = Thread(target=server.run, args=([bound],), daemon=True)
        thread.start()
        options.upstream = f"{url_of(bound)}/v1"
        try:
            yield
        finally:
            server.should_exit = server.force_exit = True
            thread.join()
