"""The picture in the documentation: the file is there, and the script still takes one like it."""

import struct

import pytest

from tests.inspector.chromium import PROGRAM
from tests.inspector.picture import HEIGHT, PICTURE, WIDTH, picture


def size(png: bytes) -> tuple[int, int]:
    """Width and height, from the first chunk: https://www.w3.org/TR/png-3/#11IHDR."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", png[16:24])


def test_the_file():
    """It has the size that is said, and the README shows it."""
    assert size(PICTURE.read_bytes()) == (WIDTH, HEIGHT)
    readme = (PICTURE.parents[1] / "README.md").read_text(encoding="utf-8")
    assert f"/main/docs/{PICTURE.name})" in readme


@pytest.mark.skipif(PROGRAM is None, reason="there is no Chromium on this machine")
def test_it_can_be_taken():
    """The page still shows what the script waits for."""
    assert size(picture()) == (WIDTH, HEIGHT)
