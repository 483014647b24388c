"""How benchmarks/valid_documents.py counts what a valid document costs; no peer runs here."""

import json

from jsonschema import Draft202012Validator


def test_wrong_answers_are_wrong(benchmark):
    """Each, by the schema that is asked for."""
    paths = benchmark("cpu_paths")
    validator = Draft202012Validator(paths._SCHEMA)

    def is_valid(text):
        try:
            return validator.is_valid(json.loads(text))
        except ValueError:
            return False

    assert is_valid(paths.DOCUMENT)
    assert not any(is_valid(each) for each in paths.WRONG)


def test_all_calls_are_counted(benchmark):
    """Asked directly, the caller pays for each wrong answer with a request of its own."""
    paid = benchmark("valid_documents").measured(benchmark("targets").UPSTREAM, 60, 10)

    assert paid.documents == len(paid.times) == 10
    assert paid.requests == paid.calls > 10
    assert paid.row()[0] == f"{paid.requests / 10:.3f}"
