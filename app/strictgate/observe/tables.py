"""Counters, gauges and histograms as plain tables: counting is one look-up and one addition.

prometheus-client's own objects take a lock and a search for each (2 to 5 µs, a dozen times a
request); so they are made of these tables when somebody asks (observe/metrics.py).
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

Labels = tuple[str, ...]
"""The values of the labels, in the order of their names."""
OTHER = "other"


class CounterTable:
    """A number for each combination of labels, which only grows."""

    def __init__(self, name: str, text: str, labels: Sequence[str] = ()) -> None:
        """Begin with nothing.

        Args:
            name: the metric's, without `_total`.
            text: what it counts, for people.
            labels: their names.
        """
        self.name = name
        self.text = text
        self.labels = tuple(labels)
        self.values: dict[Labels, float] = {} if labels else {(): 0}
        """Of a table without labels there is a 0 from the start, from which Prometheus counts."""

    def add(self, labels: Labels = (), amount: float = 1) -> None:
        """Add `amount`, which is not negative."""
        self.values[labels] = self.values.get(labels, 0) + amount

    def family(self) -> CounterMetricFamily:
        """Return it as prometheus-client has it."""
        family = CounterMetricFamily(self.name, self.text, labels=self.labels)
        for labels, value in self.values.items():
            family.add_metric(labels, value)
        return family


class GaugeTable(CounterTable):
    """A number for each combination of labels, which is set anew."""

    def set(self, labels: Labels, value: float) -> None:
        """Set the number."""
        self.values[labels] = value

    def family(self) -> GaugeMetricFamily:  # type: ignore[override]  # another kind of metric
        """Return it as prometheus-client has it."""
        family = GaugeMetricFamily(self.name, self.text, labels=self.labels)
        for labels, value in self.values.items():
            family.add_metric(labels, value)
        return family


class HistogramTable:
    """How many values fell between which bounds, for each combination of labels."""

    def __init__(
        self, name: str, text: str, bounds: Sequence[float], labels: Sequence[str] = ()
    ) -> None:
        """Begin with nothing.

        Args:
            bounds: the upper ones, ascending; each belongs to its own bucket.
        """
        self.name = name
        self.text = text
        self.labels = tuple(labels)
        self._bounds = tuple(bounds)
        self._rows: dict[Labels, list[float]] = {}
        """The counts, not added up; then the sum of the values."""

    def add(self, labels: Labels, value: float) -> None:
        """Count one value."""
        row = self._rows.get(labels)
        if row is None:
            row = self._rows[labels] = [0.0] * (len(self._bounds) + 2)
        row[bisect_left(self._bounds, value)] += 1
        row[-1] += value

    def family(self) -> HistogramMetricFamily:
        """Return it as prometheus-client has it, where each bucket holds those before it."""
        family = HistogramMetricFamily(self.name, self.text, labels=self.labels)
        names = [*(f"{bound:g}" for bound in self._bounds), "+Inf"]
        for labels, row in self._rows.items():
            family.add_metric(labels, list(zip(names, _running(row[:-1]), strict=True)), row[-1])
        return family


class LabelPool:
    """Keeps a label's values few: those that come first stay, what comes later is `other`."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: set[str] = set()

    def bounded(self, value: str) -> str:
        """Return `value`, or `other`."""
        if value in self._known:
            return value
        if len(self._known) >= self._most:
            return OTHER
        self._known.add(value)
        return value


def _running(counts: Sequence[float]) -> Iterator[float]:
    total = 0.0
    for count in counts:
        total += count
        yield total
