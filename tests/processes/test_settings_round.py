"""Who has new settings, and when that is over."""

from strictgate.processes.messages import SettingsApplied
from strictgate.processes.settings_round import SettingsRound
from strictgate.settings.loading import Settings

SETTINGS = Settings()


def test_over_with_the_last():
    """What one of them says counts for all."""
    about = SettingsRound()
    assert about.edition == 0
    told = about.begin(SETTINGS, [1, 2, 3])

    assert not about.said(1, SettingsApplied(told.edition, ("store",)))
    assert not about.said(1, SettingsApplied(told.edition))
    assert not about.gone(2)
    assert about.said(3, SettingsApplied(told.edition))
    assert (about.waiting, about.problem) == (("store",), "")
    assert not about.gone(3)


def test_a_problem():
    """It is kept, whoever has it."""
    about = SettingsRound()
    told = about.begin(SETTINGS, [1, 2])
    about.said(1, SettingsApplied(told.edition, problem="no"))

    assert about.said(2, SettingsApplied(told.edition))
    assert about.problem == "no"


def test_newer_ones():
    """What is said of those before does not count."""
    about = SettingsRound()
    first = about.begin(SETTINGS, [1])
    second = about.begin(SETTINGS, [1])

    assert not about.said(1, SettingsApplied(first.edition, problem="old"))
    assert about.said(1, SettingsApplied(second.edition))
    assert about.problem == ""
