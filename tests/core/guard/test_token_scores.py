"""How likely the tokens were that a document is made of."""

import math

from strictgate.core.guard.logprob_steering import LogprobTokens
from strictgate.core.guard.token_scores import TokenScores
from strictgate.core.output.provenance import ScoredToken


def tokens(*texts):
    """The tokens of a reply, each a little less likely than the one before."""
    made = LogprobTokens()
    entries = [{"token": text, "logprob": -number / 8} for number, text in enumerate(texts, 1)]
    made.feed("".join(texts).encode(), entries)
    return made


def test_places():
    """They are told at their places in the document, from however many replies and pieces."""
    first, second = tokens("So: ", '{"a"', ": 1"), tokens(", ", '"b": 2}')
    scores = TokenScores()
    scores.write(0, 2, first, 4)
    scores.write(2, 7, first, 6)
    scores.write(7, 16, second, 0)
    assert scores.scored() == (
        ScoredToken(0, 4, -0.25),
        ScoredToken(4, 7, -0.375),
        ScoredToken(7, 9, -0.125),
        ScoredToken(9, 16, -0.25),
    )


def test_what_is_taken_back():
    """Written anew it has other tokens, or none."""
    scores = TokenScores()
    scores.write(0, 7, tokens('{"a"', ": 1"), 0)
    scores.write(4, 9, LogprobTokens(), 4)
    assert scores.scored() == (ScoredToken(0, 4, -0.125),)
    scores.cut(0)
    assert not scores


def test_what_the_upstream_does_not_say():
    """A token without a number is none."""
    made = LogprobTokens()
    made.feed(b"12", [{"token": "1", "logprob": None}, {"token": "2", "logprob": math.nan}])
    scores = TokenScores()
    scores.write(0, 2, made, 0)
    assert scores.scored() == ()


def test_where_they_stand():
    """With the tokens themselves, from whichever reply; of one in part, where it would begin."""
    scores = TokenScores()
    scores.write(0, 4, tokens("So: ", '{"a"'), 4)
    scores.write(4, 7, tokens(": 1,"), 0)
    between = [(at, token.data) for at, token in scores.between(3, 6)]
    assert between == [(0, b'{"a"'), (4, b": 1,")]
    assert not list(scores.between(7, 9))
