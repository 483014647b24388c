"""The sockets on which several processes listen at one address.

| system | sockets                   | why                                                 |
|--------|---------------------------|-----------------------------------------------------|
| Linux  | one for each process      | The kernel spreads connections evenly over them     |
|        | (SO_REUSEPORT, socket(7)) | (by hash). With one socket for all, who wakes first |
|        |                           | takes what is there: of 16 connections at once, one |
|        |                           | of two processes got 90 %, of 64 still 82 %.        |
| others | one for all               | There the option gives all to the last socket.      |

Whoever started the processes keeps the sockets open as well: what has connected to one whose
process has died waits in it for the next. A socket that is closed resets its queue.
"""

import socket
import sys
from typing import Any

BACKLOG = 2048
_TRIES = 10


def listening_sockets(host: str, port: int, count: int) -> list[socket.socket]:
    """Return as many sockets, all at one address.

    Args:
        port: 0 picks a free one.

    Raises:
        OSError: the address cannot be listened on.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    if not sys.platform.startswith("linux"):
        return [socket.create_server((host, port), family=family, backlog=BACKLOG)] * count
    for _ in range(_TRIES if port == 0 else 1):
        address = _free_address(family, host, port)
        try:
            return _listening(family, address, count)
        except OSError as error:
            taken = error  # somebody was given the same free port meanwhile
    raise taken


def _free_address(family: int, host: str, port: int) -> Any:
    """Return the address, once it is sure that nobody has it.

    It is bound without the option for that: with it, a second gateway at the same address would not
    be refused, but get a part of the connections.
    """
    with _socket(family) as first:
        first.bind((host, port))
        return first.getsockname()


def _listening(family: int, address: Any, count: int) -> list[socket.socket]:
    sockets = [_socket(family) for _ in range(count)]
    try:
        for each in sockets:
            each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            each.bind(address)
        for each in sockets:
            each.listen(BACKLOG)
    except OSError:
        for each in sockets:
            each.close()
        raise
    return sockets


def _socket(family: int) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    return made
