"""All kinds of faults, by name."""

from collections.abc import Mapping

from tests.faults.kinds import bodies, framing, keys, statuses, streams
from tests.faults.kinds.fault import Fault

FAULTS: Mapping[str, Fault] = {
    **bodies.MODELS,
    **bodies.HOSTS,
    **statuses.TABLE,
    **framing.TABLE,
    **streams.TABLE,
    **keys.TABLE,
}
