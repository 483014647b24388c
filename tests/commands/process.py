"""`strictgate serve` as a process of its own, and raw bytes to it."""

import os
import re
import socket
import subprocess
import sys
from contextlib import closing, contextmanager


@contextmanager
def running(*arguments, **environment):
    """The command, until the block ends; gives the process and its URL."""
    process = subprocess.Popen(
        [sys.executable, "-m", "strictgate", "serve", "--port", "0", *arguments],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline()
        found = re.fullmatch(r"Strictgate listening on (http://127\.0\.0\.1:\d+)\n", line)
        assert found, line + process.stderr.read()
        yield process, found[1]
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


def raw(url, data):
    """Send bytes as they are; return what comes until the server closes."""
    host, _, port = url.removeprefix("http://").partition(":")
    with closing(socket.create_connection((host, int(port)), timeout=30)) as connection:
        connection.sendall(data)
        pieces = []
        while piece := connection.recv(1 << 16):
            pieces.append(piece)
    return b"".join(pieces)
