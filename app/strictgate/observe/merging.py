"""The figures of several processes as one page: what each has counted, added up.

A process writes down what it shows (`snapshot`); whoever is asked puts those of all together
(`merged`) and writes the page (`page_of`). Counters and histograms add up, and so do most gauges:
what each process holds is held by all. Of a few gauges the highest, or the lowest, is what is true
of all; MOST and LEAST name them.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import orjson
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric

MOST = frozenset({"strictgate_breaker_state", "strictgate_store_bytes", "process_max_fds"})
"""Gauges of which the highest counts: what the processes share, or each sees for itself."""
LEAST = frozenset({"process_start_time_seconds"})
"""Of these the lowest: the first process began then."""
_AS_IT_IS = frozenset({"info", "stateset", "unknown"})
"""Types of metrics that say the same in each process."""

_Labels = tuple[tuple[str, str], ...]


class MetricSource:
    """Metrics that are there already, as prometheus-client takes them from a registry."""

    def __init__(self, families: Sequence[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        """Yield them."""
        yield from self._families


def snapshot(families: Iterable[Metric]) -> bytes:
    """Return metrics as JSON, for another process."""
    return orjson.dumps(
        [
            {
                "name": each.name,
                "type": each.type,
                "text": each.documentation,
                "samples": [[one.name, one.labels, one.value] for one in each.samples],
            }
            for each in families
        ]
    )


def merged(snapshots: Iterable[bytes]) -> list[Metric]:
    """Return the metrics of all processes as those of one, in the order of the first's.

    A metric that only some have is there, too; the processes may be of different versions, while
    one takes the place of another.

    Raises:
        ValueError: one of them is no snapshot.
    """
    families: dict[str, Metric] = {}
    values: dict[str, dict[tuple[str, _Labels], float]] = {}
    for each in snapshots:
        for family in orjson.loads(each):
            name = family["name"]
            families.setdefault(name, Metric(name, family["text"], family["type"]))
            _add(name, family, values.setdefault(name, {}))
    for name, metric in families.items():
        for (sample, labels), value in values[name].items():
            metric.add_sample(sample, dict(labels), value)
    return list(families.values())


def _add(name: str, family: dict[str, Any], so_far: dict[tuple[str, _Labels], float]) -> None:
    for sample, labels, value in family["samples"]:
        key = (sample, tuple(labels.items()))
        before = so_far.get(key)
        if before is None or family["type"] in _AS_IT_IS:
            so_far[key] = value
        elif name in MOST:
            so_far[key] = max(before, value)
        elif name in LEAST:
            so_far[key] = min(before, value)
        else:
            so_far[key] = before + value


def page_of(families: Sequence[Metric], accept: str = "") -> tuple[bytes, str]:
    """Return the page for Prometheus, and its content type.

    Args:
        accept: the header of that name, by which OpenMetrics may be asked for.
    """
    encode, content_type = choose_encoder(accept)
    return encode(MetricSource(families)), content_type
