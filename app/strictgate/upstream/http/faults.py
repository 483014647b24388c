"""What may go wrong with an exchange, a class for each thing that callers tell apart.

Beside these, only TimeoutError is raised: the answer did not begin, or go on, in time.

    HttpFault
    ├── ConnectionFault       the connection broke before the head of the answer had come
    │   ├── CannotConnect     there was none: nobody listens, or the name is not known
    │   ├── ConnectTimedOut   there was none in time
    │   ├── TlsFailed         there was none that is safe
    │   └── ClosedUnanswered  it was closed in order, without a byte of an answer
    ├── ProxyRefused          the proxy did not lead to the upstream
    ├── MalformedHttp         what came is no HTTP/1.1, or its head is larger than is read
    ├── BodyCutOff            the body broke off
    └── UnsendableRequest     the request holds a character that HTTP does not allow
"""


class HttpFault(Exception):
    """Any of them."""


class ConnectionFault(HttpFault):
    """There is no connection any more, and no answer.

    Args:
        os_error: what the system or the TLS library says of the cause; None: nothing.
    """

    def __init__(self, os_error: BaseException | None = None) -> None:
        super().__init__(*([str(os_error)] if os_error is not None else []))
        self.os_error = os_error


class CannotConnect(ConnectionFault):
    """No connection was made."""


class ConnectTimedOut(ConnectionFault):
    """No connection was made in time."""


class TlsFailed(ConnectionFault):
    """The handshake failed."""


class ClosedUnanswered(ConnectionFault):
    """The server closed the connection in order."""


class ProxyRefused(HttpFault):
    """The proxy answered CONNECT with something else than a success.

    Args:
        status: what it answered; a success where more came behind it; 0: not known.
    """

    def __init__(self, status: int = 0) -> None:
        super().__init__(*([f"status {status}"] if status else []))
        self.status = status


class MalformedHttp(HttpFault):
    """The answer cannot be read."""


class BodyCutOff(HttpFault):
    """The connection ended before the body did."""


class UnsendableRequest(HttpFault):
    """The request would be read as another one."""
