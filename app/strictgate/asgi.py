"""The gateway as an ASGI application for a server of your own: `uvicorn strictgate.asgi:app`.

The settings come from the file that STRICTGATE_CONFIG names and from STRICTGATE_* variables, and
the log goes to standard error, as with `strictgate serve`. What `serve` adds below ASGI is then the
server's own affair: the limits and deadlines of a request's head, draining, and the refusal to
serve other machines without client keys. There is no reload: the settings are those of the start,
and SIGHUP is the server's.
"""

import atexit
import os

from strictgate.api.app import create_app
from strictgate.observe.log import log_to, stderr_queue, stderr_style
from strictgate.settings.loading import load
from strictgate.upstream.routing import configured_keys

_settings = load()
_style = stderr_style(_settings.observe.level, _settings.observe.format)
_log = stderr_queue(_style)
atexit.register(_log.close)
_lines = log_to(_log, configured_keys(_settings, os.environ), _style)
atexit.register(_lines.flush)  # before the queue is closed: the last comes first
_listeners = (_lines.observe,) if _settings.observe.log else ()
app = create_app(_settings, os.environ, _listeners, recognises=True)
