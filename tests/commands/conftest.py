"""Files that commands are called with."""

import json

import pytest


@pytest.fixture
def file(tmp_path):
    def write(value):
        path = tmp_path / "file.json"
        path.write_text(value if isinstance(value, str) else json.dumps(value))
        return str(path)

    return write
