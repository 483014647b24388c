"""How benchmarks/valid_documents.py counts what a valid document costs; no peer runs here."""

import importlib
import json
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


@pytest.fixture(scope="module")
def module():
    """The benchmark's modules by name, as the program has them."""
    before = set(sys.modules)
    sys.path.insert(0, str(BENCHMARKS))
    yield importlib.import_module
    sys.path.remove(str(BENCHMARKS))
    for name in set(sys.modules) - before:
        if Path(getattr(sys.modules[name], "__file__", None) or "").parent == BENCHMARKS:
            del sys.modules[name]


def test_wrong_answers_are_wrong(module):
    """Each, by the schema that is asked for."""
    paths = module("cpu_paths")
    validator = Draft202012Validator(paths._SCHEMA)

    def is_valid(text):
        try:
            return validator.is_valid(json.loads(text))
        except ValueError:
            return False

    assert is_valid(paths.DOCUMENT)
    assert not any(is_valid(each) for each in paths.WRONG)


def test_all_calls_are_counted(module):
    """Asked directly, the caller pays for each wrong answer with a request of its own."""
    paid = module("valid_documents").measured(module("targets").UPSTREAM, 60, 10)

    assert paid.documents == len(paid.times) == 10
    assert paid.requests == paid.calls > 10
    assert paid.row()[0] == f"{paid.requests / 10:.3f}"
