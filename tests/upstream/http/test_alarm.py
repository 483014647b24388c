"""An alarm rings once, when it is due, and moving it later costs no timer."""

from strictgate.upstream.http.alarm import Alarm


class Timer:
    def __init__(self, due, call):
        self.due, self.call = due, call

    def when(self):
        return self.due

    def cancel(self):
        self.call = None


class Loop:
    """A loop's clock and its timers, which the test winds on."""

    def __init__(self):
        self.now = 0.0
        self.timers = []

    def time(self):
        return self.now

    def call_at(self, due, call):
        self.timers.append(Timer(due, call))
        return self.timers[-1]

    def wind_to(self, now):
        """Let what is due by then ring, timers that come of it included."""
        self.now = now
        while due := [each for each in self.timers if each.call and each.due <= now]:
            call, due[0].call = due[0].call, None
            call()


def made():
    loop, rung = Loop(), []
    return loop, Alarm(loop, lambda: rung.append(loop.now)), rung


def test_it_rings_once():
    """At its time, not before, and then no more."""
    loop, alarm, rung = made()
    alarm.set_to(5.0)
    for now in (1.0, 4.9, 5.0, 6.0, 99.0):
        loop.wind_to(now)
    assert rung == [5.0]


def test_later_costs_nothing():
    """Who waits again and again has one timer, which rings at the last time."""
    loop, alarm, rung = made()
    for turn in range(50):
        loop.wind_to(turn / 10)
        alarm.set_to(turn / 10 + 5.0)
        alarm.turn_off()
    alarm.set_to(12.0)
    assert len(loop.timers) == 1
    for now in (5.0, 11.9, 12.0):
        loop.wind_to(now)
    assert rung == [12.0]


def test_earlier_is_moved():
    """A nearer time counts, and the farther one is forgotten."""
    loop, alarm, rung = made()
    alarm.set_to(9.0)
    alarm.set_to(3.0)
    loop.wind_to(3.0)
    loop.wind_to(20.0)
    assert rung == [3.0]


def test_turned_off():
    """Neither what is turned off nor what is cancelled rings; never is never."""
    loop, alarm, rung = made()
    alarm.set_to(1.0)
    alarm.turn_off()
    loop.wind_to(2.0)
    alarm.set_to(float("inf"))
    alarm.set_to(5.0)
    alarm.cancel()
    loop.wind_to(9.0)
    assert rung == []
    assert not any(each.call for each in loop.timers)
