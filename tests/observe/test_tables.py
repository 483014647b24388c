"""Tables: numbers that are added to where they stand."""

import pytest

from strictgate.observe.tables import CounterTable, GaugeTable, HistogramTable, LabelPool


def test_a_number_is_where_it_was():
    """Whoever holds on to it and whoever looks it up add to the same."""
    counter, histogram = CounterTable("x", "", ("a",)), HistogramTable("y", "", (1, 2), ("a",))
    counter.cell(("1",))[0] += 2
    counter.add(("1",))
    histogram.row(("1",)).add(1)
    histogram.add(("1",), 5)

    assert counter.values == {("1",): [3.0]}
    assert histogram.rows[("1",)].counts == [1, 0, 1]
    assert histogram.rows[("1",)].total == 6


def test_a_gauge_has_its_last_value():
    """It is set, not added to."""
    gauge = GaugeTable("x", "", ("a",))
    gauge.set(("1",), 2)
    gauge.set(("1",), 0)
    assert gauge.values == {("1",): [0]}


@pytest.mark.parametrize(("most", "seen"), [(2, ["a", "b", "a", "other"]), (0, ["other"] * 4)])
def test_labels_are_few(most, seen):
    """Those that come first stay."""
    pool = LabelPool(most)
    assert [pool.bounded(each) for each in ("a", "b", "a", "c")] == seen
