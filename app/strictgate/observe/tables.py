"""Counters, gauges and histograms as plain tables: counting is one look-up and one addition.

prometheus-client's own objects take a lock and a search for each (2 to 5 µs, a dozen times a
request); so they are made of these tables when somebody asks (exposition.py). Who counts the
same again and again holds on to the number itself: `cell` of a counter, `row` of a histogram.
"""

from bisect import bisect_right
from collections.abc import Sequence

Labels = tuple[str, ...]
"""The values of the labels, in the order of their names."""
Cell = list[float]
"""One number, which can be added to where it stands."""
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
        self.values: dict[Labels, Cell] = {} if labels else {(): [0.0]}
        """Of a table without labels there is a 0 from the start, from which Prometheus counts."""

    def cell(self, labels: Labels = ()) -> Cell:
        """Return where the number for these labels stands; whoever counts adds to it."""
        found = self.values.get(labels)
        if found is None:
            found = self.values[labels] = [0.0]
        return found

    def add(self, labels: Labels = (), amount: float = 1) -> None:
        """Add `amount`, which is not negative."""
        self.cell(labels)[0] += amount


class GaugeTable(CounterTable):
    """A number for each combination of labels, which is set anew."""

    def set(self, labels: Labels, value: float) -> None:
        """Set the number."""
        self.cell(labels)[0] = value


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
        self.bounds = tuple(bounds)
        self.rows: dict[Labels, HistogramRow] = {}

    def row(self, labels: Labels) -> "HistogramRow":
        """Return the counts for these labels; whoever counts adds to them."""
        found = self.rows.get(labels)
        if found is None:
            found = self.rows[labels] = HistogramRow(self.bounds)
        return found

    def add(self, labels: Labels, value: float) -> None:
        """Count one value; see HistogramRow."""
        self.row(labels).add(value)

    def fold(self) -> None:
        """Count the values that wait."""
        for row in self.rows.values():
            row.fold()


class HistogramRow:
    """The counts of a histogram for one combination of labels, not added up.

    A value that is added only waits, as to look for its bucket takes longer than to sort it with
    many others; `fold` counts those that wait.
    """

    __slots__ = ("_bounds", "_counts", "_total", "_waiting", "add")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._total = 0.0
        self._waiting: list[float] = []
        self.add = self._waiting.append
        """Adds one value; somebody must `fold` once in a while."""

    def fold(self) -> None:
        """Count the values that wait."""
        values = self._waiting
        if not values:
            return
        values.sort()
        below = 0
        for at, bound in enumerate(self._bounds):
            up_to = bisect_right(values, bound, below)
            self._counts[at] += up_to - below
            below = up_to
        self._counts[-1] += len(values) - below
        self._total += sum(values)
        values.clear()

    @property
    def counts(self) -> list[int]:
        """How many values there are in each bucket."""
        self.fold()
        return self._counts

    @property
    def total(self) -> float:
        """The sum of all values."""
        self.fold()
        return self._total


class LabelPool:
    """Keeps a label's values few: those that come first stay, what comes later is `other`."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: set[str] = set()
        self.has = self._known.__contains__
        """Whether a value is one of those that stay."""

    def bounded(self, value: str) -> str:
        """Return `value`, or `other`."""
        if value in self._known:
            return value
        if len(self._known) >= self._most:
            return OTHER
        self._known.add(value)
        return value

    def known(self, value: str) -> str:
        """Return `value` where it is empty or one of the values, or else `other`."""
        return value if not value or value in self._known else OTHER
