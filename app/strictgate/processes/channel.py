"""The supervisor's end of the channel to one process: nothing waits for who does not read."""

import socket
from collections.abc import Iterator
from contextlib import suppress

from strictgate.processes.messages import Message, MessageReader, written

CAPACITY = 256 << 20  # bytes that wait for a process; what comes beyond that is dropped
_PIECE = 1 << 20


class ProcessChannel:
    """To one process. Have `flush` called while `is_behind`, whenever it can be written to."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        self.connection = connection
        self._reader = MessageReader()
        self._unsent = bytearray()
        self.dropped = 0
        """Messages, since there was last room for one."""

    @property
    def is_behind(self) -> bool:
        """Whether something waits to be sent."""
        return bool(self._unsent)

    def send(self, message: Message) -> bool:
        """Have `message` sent, as soon as the process takes it; say whether there was room."""
        if len(self._unsent) >= CAPACITY:
            self.dropped += 1
            return False
        self.dropped = 0
        self._unsent += written(message)
        self.flush()
        return True

    def flush(self) -> None:
        """Send what can be sent at once."""
        with suppress(BlockingIOError, BrokenPipeError, ConnectionResetError):
            while self._unsent:
                del self._unsent[: self.connection.send(memoryview(self._unsent)[:_PIECE])]

    def receive(self) -> Iterator[Message]:
        """Yield what has come.

        Raises:
            EOFError: the process has closed its end.
        """
        try:
            data = self.connection.recv(_PIECE)
        except BlockingIOError:
            return
        except ConnectionResetError as error:
            raise EOFError from error
        if not data:
            raise EOFError
        yield from self._reader.feed(data)

    def close(self) -> None:
        """Close this end."""
        self.connection.close()
