"""What an answer may hold, in the order in which it is tried; test_judge_text.py has the tables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.output.extract import (
    MAX_CANDIDATES,
    DocumentCandidate,
    extract,
    is_document_alone,
)
from strictgate.core.repair_steps import Extraction


def texts(answer: str) -> list[str]:
    return [candidate.text for candidate in extract(answer).candidates]


def test_the_whole_comes_first_then_fences_then_prose_the_last_first():
    """The order in which candidates are judged."""
    answer = '{"a": 1} {} {"a": 2}\n```json\n{"a": 3}\n```\nor\n```\n{"a": 4}\n```\n[5]'
    assert texts(answer) == [
        answer,
        *('{"a": 4}', '{"a": 3}'),
        *("[5]", '{"a": 2}', '{"a": 1}', "{}"),
    ]


def test_among_too_many_there_is_no_document():
    """Nobody wrote them as an answer; to compare them all would take long."""
    few, many = (extract("{} " * count) for count in (MAX_CANDIDATES, MAX_CANDIDATES + 1))
    assert (len(few.candidates), few.are_too_many) == (MAX_CANDIDATES + 1, False)
    assert (len(many.candidates), many.are_too_many) == (1, True)


def test_a_candidate_says_what_was_taken_off():
    """Each candidate has the steps that led to it."""
    found = extract("<think>x</think>So:\n```json\n[1]\n```")
    steps = (Extraction.THINK, Extraction.FENCE, Extraction.PROSE)
    assert found.candidates[1] == DocumentCandidate("[1]", steps)


@pytest.mark.parametrize(
    "answer",
    [
        '{"a": {"b": 1}',
        'x {"a": 1} then {"b": [1, {"c": 1}',
        '{"a": 1}\n```json\n{"b": 1',
        "[[1], [2]",
    ],
)
def test_broken_off(answer: str):
    """What breaks off comes out as far as it goes, for it alone may be the document."""
    found = extract(answer)
    assert found.unfinished
    assert all(answer.endswith(candidate.text) for candidate in found.candidates)


def test_brackets_that_do_not_pair_are_not_unfinished():
    """More text would not make it whole."""
    assert not extract('{"a": [1}').unfinished
    assert texts('x {"a": [1} y {"b": 1}')[1:] == ['{"a": [1} y {"b": 1}']


@given(st.text(alphabet="{}[]\"'`~:, \n\\<think>/*#a1", max_size=40))
def test_candidates_are_parts_of_the_answer(answer: str):
    """Nothing is made up, nothing raised."""
    assert all(text in answer for text in texts(answer))


@pytest.mark.parametrize(
    ("text", "is_alone"),
    [
        ('{"a": 1}\n', True),
        ("{'a': 1}", True),
        ('```json\n{"a": 1}\n```', True),
        ("[1]", True),
        ('"x"', True),
        ("-1.5", True),
        ('A draft: {"a": 1}', False),
        ('{"a": 1} but no', False),
        ('{"a": 1} {"a": 2}', False),
        ('{"a": 1', False),
        ("Hm.", False),
        ("", False),
    ],
)
def test_a_document_alone(text: str, is_alone: bool):
    """Nothing stands beside it but blanks and a fence."""
    assert is_document_alone(text) is is_alone
