"""A short campaign with fixed seeds; `make faults` runs long ones."""

from tests.faults.campaign import cases, run
from tests.faults.kinds.table import FAULTS

NUMBER = 2 * len(FAULTS)


def test_a_seed_is_a_campaign():
    """The same one gives the same cases; each fault is met in each round."""
    first, again, other = (list(cases(seed, NUMBER)) for seed in (1, 1, 2))
    assert first == again != other
    for start in (0, len(FAULTS)):
        assert {case.fault for case in first[start : start + len(FAULTS)]} == set(FAULTS)


def test_nothing_is_lost_invented_or_crossed():
    """Every answer is one that may be, and what was held is given back."""
    report = run(1, NUMBER)
    assert not report.complaints, str(report)
