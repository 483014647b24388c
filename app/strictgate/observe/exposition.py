"""The page for Prometheus: what is counted, as prometheus-client shows it.

prometheus-client is imported here and in merging.py alone, and these two when somebody asks for the
page: it brings a server and a client for HTTP with it, 4 % of a start.
"""

from collections.abc import Iterable, Iterator, Sequence

from prometheus_client import ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.metrics_core import Metric

from strictgate import __version__
from strictgate.observe.tables import CounterTable, GaugeTable, HistogramTable

Gauge = tuple[str, str, float]
"""Name, text and value of what is read when somebody asks."""


def all_families(
    tables: Iterable[CounterTable | HistogramTable], gauges: Iterable[Gauge]
) -> Iterator[Metric]:
    """Yield what this process shows: the version, its tables, its gauges, and the process."""
    yield InfoMetricFamily("strictgate", "The version.", {"version": __version__})
    for table in tables:
        yield family_of(table)
    for name, text, value in gauges:
        yield GaugeMetricFamily(name, text, value)
    yield from ProcessCollector(registry=None).collect()


def family_of(table: CounterTable | HistogramTable) -> Metric:
    """Return a table as prometheus-client has it; a bucket of a histogram holds those before it."""
    if isinstance(table, HistogramTable):
        return _histogram(table)
    kind = GaugeMetricFamily if isinstance(table, GaugeTable) else CounterMetricFamily
    family = kind(table.name, table.text, labels=table.labels)
    for labels, (value,) in table.values.items():
        family.add_metric(labels, value)
    return family


def _histogram(table: HistogramTable) -> HistogramMetricFamily:
    family = HistogramMetricFamily(table.name, table.text, labels=table.labels)
    names = [*(f"{bound:g}" for bound in table.bounds), "+Inf"]
    for labels, row in table.rows.items():
        if any(row.counts):
            family.add_metric(
                labels, list(zip(names, _running(row.counts), strict=True)), row.total
            )
    return family


def _running(counts: Sequence[float]) -> Iterator[float]:
    total = 0.0
    for count in counts:
        total += count
        yield total
