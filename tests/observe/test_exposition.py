"""Tables become what prometheus-client shows."""

from prometheus_client import CollectorRegistry, generate_latest

from strictgate.observe.exposition import all_families, family_of
from strictgate.observe.tables import CounterTable, GaugeTable, HistogramTable


def shown(table):
    class Source:
        def collect(self):
            yield family_of(table)

    registry = CollectorRegistry()
    registry.register(Source())
    return [line for line in generate_latest(registry).decode().splitlines() if line[0] != "#"]


def test_a_counter():
    """It adds up, each combination of labels for itself."""
    table = CounterTable("x", "Of x.", ("a", "b"))
    table.add(("1", "2"))
    table.add(("1", "2"), 4)
    table.add(("1", 'quo"te'))

    assert shown(table) == ['x_total{a="1",b="2"} 5.0', 'x_total{a="1",b="quo\\"te"} 1.0']


def test_a_counter_without_labels():
    """It is there from the start."""
    table = CounterTable("x", "Of x.")
    assert shown(table) == ["x_total 0.0"]
    table.add()
    assert shown(table) == ["x_total 1.0"]


def test_whoever_counts_the_same_again_holds_the_number():
    """It is the table's own; what was never counted in a histogram does not show."""
    counter, histogram = CounterTable("x", "Of x.", ("a",)), HistogramTable("y", "", (1,), ("a",))
    held, row = counter.cell(("1",)), histogram.row(("1",))
    counter.add(("1",))
    held[0] += 2

    assert shown(counter) == ['x_total{a="1"} 3.0']
    assert shown(histogram) == []
    row.add(5)
    assert shown(histogram)[-1] == 'y_sum{a="1"} 5.0'


def test_a_gauge():
    """It has its last value."""
    table = GaugeTable("x", "Of x.", ("a",))
    table.set(("1",), 2)
    table.set(("1",), 0)

    assert shown(table) == ['x{a="1"} 0.0']


def test_a_histogram():
    """A bound belongs to its own bucket; each bucket holds those before it."""
    table = HistogramTable("x", "Of x.", (0.5, 1), ("a",))
    for value in (0.1, 0.5, 0.7, 3):
        table.add(("1",), value)

    assert shown(table) == [
        'x_bucket{a="1",le="0.5"} 2.0',
        'x_bucket{a="1",le="1"} 3.0',
        'x_bucket{a="1",le="+Inf"} 4.0',
        'x_count{a="1"} 4.0',
        'x_sum{a="1"} 4.3',
    ]


def test_what_a_process_shows():
    """The version, what it counts, what is read off now, and what the system says of it."""
    table = CounterTable("x", "Of x.")
    shown = {each.name: each for each in all_families([table], [("y", "Of y.", 2.0)])}

    assert [*shown][:3] == ["strictgate", "x", "y"]
    assert shown["y"].samples[0].value == 2.0
    assert "process_resident_memory_bytes" in shown
