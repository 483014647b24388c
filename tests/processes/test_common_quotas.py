"""What keys have used, counted by several processes at once."""

import os

import pytest

from strictgate.core.resilience.quota import QuotaLimits
from strictgate.processes.common_file import ByteLock, nameless_file
from strictgate.processes.common_quotas import CommonQuotas

NOON = 1_700_000_000.0
A_MINUTE = QuotaLimits(requests_per_minute=60)
A_DAY = QuotaLimits(tokens_per_day=100, money_per_day=5.0)


@pytest.fixture
def quotas():
    shared = nameless_file()
    yield CommonQuotas(shared, ByteLock(shared, 1), lambda: NOON, rows=4)
    os.close(shared)


def in_another_process(work):
    child = os.fork()
    if not child:
        try:
            work()
        finally:
            os._exit(0)
    return child


def test_no_request_is_counted_twice_or_not_at_all(quotas):
    """Of what four processes ask for at once, exactly as many are admitted as may be."""
    ours, theirs = os.pipe()

    def work():
        admitted = [quotas.admit("k", A_MINUTE) is None for _ in range(40)]
        os.write(theirs, bytes([sum(admitted)]))

    for child in [in_another_process(work) for _ in range(4)]:
        os.waitpid(child, 0)
    assert sum(os.read(ours, 4)) == 60
    assert quotas.admit("k", A_MINUTE).limit == "requests_per_minute"
    assert quotas.admit("other", A_MINUTE) is None
    for each in (ours, theirs):
        os.close(each)


def test_what_one_has_spent_all_have(quotas):
    """Tokens and money."""
    os.waitpid(in_another_process(lambda: quotas.spend("k", A_DAY, 100, 0.5)), 0)
    exceeded = quotas.admit("k", A_DAY)
    assert (exceeded.limit, exceeded.used) == ("tokens_per_day", 100)
    quotas.spend("m", A_DAY, 1, 5.5)
    assert quotas.admit("m", A_DAY).used == 5.5


def test_no_more_room(quotas):
    """Those that come too late are counted here alone; the others stay what they are."""
    for each in range(6):
        quotas.spend(str(each), A_DAY, 100, 0)

    assert all(quotas.admit(str(each), A_DAY) is not None for each in range(6))
    assert sum(each is None for each in quotas._places.values()) == 2
