"""`strictgate serve` as a process of its own, and raw bytes to it; what a process loads."""

import os
import re
import resource
import socket
import subprocess
import sys
from contextlib import closing, contextmanager
from functools import partial


def _limit(descriptors):
    resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))


@contextmanager
def running(*arguments, descriptors=None, **environment):
    """The command, until the block ends; gives the process and its URL."""
    process = subprocess.Popen(
        [sys.executable, "-m", "strictgate", "serve", "--port", "0", *arguments],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=None if descriptors is None else partial(_limit, descriptors),
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


def connected(url):
    """A connection on which nothing has been sent."""
    host, _, port = url.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)), timeout=30)


def raw(url, data):
    """Send bytes as they are; return what comes until the server closes."""
    with closing(connected(url)) as connection:
        connection.sendall(data)
        pieces = []
        while piece := connection.recv(1 << 16):
            pieces.append(piece)
    return b"".join(pieces)


def modules_after(code):
    """The names of all modules that a Python of its own has loaded once it has run `code`."""
    command = [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules, file=sys.stderr)\n"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stderr.split()
