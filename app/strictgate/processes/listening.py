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

BACKLOG = 2048


def listening_sockets(host: str, port: int, count: int) -> list[socket.socket]:
    """Return as many sockets, all at one address.

    The first one is opened without the option: with it, a second gateway at the same address would
    not be refused, but share the connections.

    Args:
        port: 0 picks a free one.

    Raises:
        OSError: the address cannot be listened on.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    first = socket.create_server((host, port), family=family, backlog=BACKLOG)
    if not sys.platform.startswith("linux"):
        return [first] * count
    address = first.getsockname()
    first.close()
    sockets: list[socket.socket] = []
    try:
        for _ in range(count):
            each = socket.socket(family, socket.SOCK_STREAM)
            sockets.append(each)
            if family == socket.AF_INET6:
                each.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            each.bind(address)
        for each in sockets:
            each.listen(BACKLOG)
    except OSError:
        for each in sockets:
            each.close()
        raise
    return sockets
