"""What benchmarks/growth.py measures in time, counted in units of work: the same everywhere."""

import importlib.util
from pathlib import Path

import pytest

from strictgate.core.guard.document_stream import DocumentStream
from strictgate.core.guard.guard import Guard
from strictgate.core.guard.judge_text import judge_text
from strictgate.core.guard.partial_document import PartialDocument
from strictgate.core.repair_steps import Repair
from strictgate.core.schema.schema import admit
from strictgate.core.work import Work
from tests.core.talks import machine

PLACE = Path(__file__).parent.parent / "benchmarks" / "growth_cases.py"
SMALL, BOUND = 4 * 1024, 4.5


def loaded():
    spec = importlib.util.spec_from_file_location("growth_cases", PLACE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CASES = loaded().CASES


def streamed(text, schema, source, work):
    """Read `text` under guard, a little at a time."""
    document = PartialDocument(Guard(schema, machine(source), work=work).fork, Repair.LOSSLESS)
    bare = not schema.is_object_root
    stream = DocumentStream(document, Repair.LOSSLESS, wrapped=False, bare=bare, aligner=None)
    for start in range(0, len(text), 100):
        stream.feed(text[start : start + 100])
        if stream.is_over:
            break
    stream.flush()


def units(case, size, *, by_stream=False):
    """How many units the text of that size takes."""
    schema, work = admit(case.schema, name="case"), Work()
    if by_stream:
        streamed(case.text(size), schema, case.schema, work)
    else:
        judge_text(case.text(size), schema, Repair.LOSSLESS, wrapped=False, work=work)
    return work.spent


def test_there_are_many_kinds_of_documents():
    """Each with a name of its own."""
    assert len(CASES) >= 80
    assert len({each.name for each in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_texts_have_the_size_that_was_asked_for(case):
    """Or nearly so; and the schemas are admitted."""
    admit(case.schema, name="case")
    for size in (SMALL, 4 * SMALL):
        assert 0.9 * size <= len(case.text(size)) <= 1.1 * size + 4096


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_work_is_linear(case):
    """Four times the text takes at most 4.5 times the units, as a whole and as a stream."""
    assert units(case, 4 * SMALL) <= BOUND * units(case, SMALL)


@pytest.mark.parametrize("case", CASES[::4], ids=lambda case: case.name)
def test_work_is_linear_in_streams(case):
    """The same for texts that come a little at a time."""
    few, many = (units(case, size, by_stream=True) for size in (SMALL, 4 * SMALL))
    assert many <= BOUND * few + 5_000
