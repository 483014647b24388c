"""The connections of this process: those that are kept for the next request, and all others.

What was kept last is used first, so that those that are not needed any more go after `KEEP`
seconds. A connection that is given out belongs to one exchange until its response is released.
"""

import asyncio

from strictgate.upstream.http.connection import Connection
from strictgate.upstream.http.dialer import Dialer
from strictgate.upstream.http.faults import ConnectTimedOut
from strictgate.upstream.http.request import Destination


class ConnectionPool:
    """Of one event loop; whoever makes it closes it."""

    def __init__(self) -> None:
        self._dialer = Dialer()
        self._kept: dict[Destination, dict[Connection, None]] = {}
        """The idle ones, in the order in which they became that."""
        self._open: set[Connection] = set()

    def kept(self, destination: Destination) -> Connection | None:
        """Return a connection on which the next answer will be that to the next request, or None.
        The request must go out before the event loop turns."""
        idle = self._kept.get(destination)
        while idle:
            connection, _ = idle.popitem()
            if connection.is_clean():
                return connection
            connection.close()
        return None

    async def connect(self, destination: Destination, patience: float) -> Connection:
        """Return a new connection.

        Args:
            patience: seconds, for all that it takes.

        Raises:
            ConnectTimedOut, HttpFault
        """
        idle = self._kept.setdefault(destination, {})

        def keep(connection: Connection) -> None:
            idle[connection] = None

        def drop(connection: Connection) -> None:
            idle.pop(connection, None)
            self._open.discard(connection)

        connection = Connection(keep, drop)
        try:
            async with asyncio.timeout(patience) as clock:
                await self._dialer.dial(destination, connection)
        except TimeoutError:
            if clock.expired():
                raise ConnectTimedOut from None
            raise
        self._open.add(connection)
        return connection

    async def close(self) -> None:
        """Cut all connections."""
        connections = [*self._open]
        for connection in connections:
            connection.close()
        for connection in connections:
            await connection.closed()
