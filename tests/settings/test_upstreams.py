"""What is pinned of an upstream or a model goes before what its preset says."""

from strictgate.core.capabilities import Capabilities, Mode
from strictgate.settings.upstreams import Pins

KNOWN = Capabilities(prompt_first=True, top_logprobs=5)


def test_nothing_pinned():
    """What is not said stays as it is known."""
    assert Pins().applied_to(KNOWN) == KNOWN


def test_pinned():
    """What is said counts, false and 0 too."""
    pinned = Pins(tools=False, top_logprobs=0).applied_to(KNOWN)

    assert (pinned.tools, pinned.top_logprobs, pinned.prompt_first) == (False, 0, True)


def test_pinned_modes_are_in_their_order():
    """Nothing is asked for before the first of them, but where that is said too."""
    modes = (Mode.NATIVE, Mode.PROMPT)

    assert not Pins(modes=modes).applied_to(KNOWN).prompt_first
    assert Pins(modes=modes, prompt_first=True).applied_to(KNOWN).prompt_first
