"""Mistakes at a rate: the same request gets the same answer."""

import json
from typing import Any

import pytest

from strictgate.demo.error_rates import (
    ErrorRates,
    ErrorSampler,
    RandomSeed,
    combined_rates,
    misspelt_name,
    wrong_text,
)

PATHS = [("a", index) for index in range(1000)]


def share(errors: ErrorSampler) -> float:
    return sum(errors.happens(path, "kind") for path in PATHS) / len(PATHS)


def test_a_model_has_the_highest_of_its_rates():
    """Of each kind of trouble the greatest rate."""
    both = combined_rates([ErrorRates(rate=0.2, spaced=True), ErrorRates(rate=0.1, sticky=0.5)])
    assert both == ErrorRates(rate=0.2, sticky=0.5, spaced=True)
    assert combined_rates([]) == ErrorRates()


def test_chance_depends_on_the_sample_alone():
    """On the seed and the key, and where it is of a call, on that too."""
    one, other = RandomSeed("seed", "one"), RandomSeed("seed", "other")
    assert one.chance("k") == other.chance("k") != one.chance("l")
    assert one.chance_of_call("k") == one.chance_of_call("k") != other.chance_of_call("k")
    assert all(0 <= one.chance(each) < 1 for each in range(1000))


@pytest.mark.parametrize("sticky", [0.0, 0.5, 1.0])
def test_the_rate_is_kept(sticky: float):
    """However much of it sticks; without a rate there are no mistakes."""
    assert 0.15 < share(ErrorSampler(ErrorRates(0.2, sticky), RandomSeed("s"))) < 0.25
    assert share(ErrorSampler(ErrorRates(0, sticky), RandomSeed("s"))) == 0


def test_what_sticks_is_made_again():
    """On every call, at the same place, in the same words; feedback breaks most of it."""
    first, again = (ErrorSampler(ErrorRates(0.2, 1), RandomSeed("s", call)) for call in ("1", "2"))
    made = [path for path in PATHS if first.happens(path, "k")]
    assert made == [path for path in PATHS if again.happens(path, "k")]
    assert all(first.pick(each, "k", "abcd") == again.pick(each, "k", "abcd") for each in made)
    told = ErrorSampler(ErrorRates(0.2, 1), RandomSeed("s", "3", feedback=True))
    assert 0 < sum(told.happens(path, "k") for path in made) < len(made) * 0.6
    loose = [ErrorSampler(ErrorRates(0.2), RandomSeed("s", call)) for call in ("1", "2")]
    assert [loose[0].happens(each, "k") for each in PATHS] != [
        loose[1].happens(each, "k") for each in PATHS
    ]


@pytest.mark.parametrize("value", ["angry", "x", True, False, 3, 2.5, None])
@pytest.mark.parametrize("option", [False, True])
def test_a_wrong_text_is_not_the_right_one(value: Any, option: bool):
    """Whatever is picked."""
    for seed in map(str, range(50)):
        text = wrong_text(
            ErrorSampler(ErrorRates(1, 1), RandomSeed(seed)), value, (), option=option
        )
        assert text is None or text != json.dumps(value)
    assert wrong_text(ErrorSampler(ErrorRates(), RandomSeed()), value, (), option=option) is None


@pytest.mark.parametrize("value", [{}, [], {"a": 1}])
def test_containers_are_not_spelt_wrong(value: Any):
    """Their members are."""
    assert wrong_text(ErrorSampler(ErrorRates(1, 1), RandomSeed()), value, (), option=False) is None


@pytest.mark.parametrize("name", ["unit_price", "x", ""])
def test_a_wrong_name_is_another_one(name: str):
    """And resembles the right one."""
    names = {
        misspelt_name(ErrorSampler(ErrorRates(1), RandomSeed(str(seed))), name, ())
        for seed in range(50)
    }
    assert name not in names
    assert len(names) > 1
