"""Where something stands in a JSON document."""

from collections.abc import Iterable

Path = tuple[str | int, ...]


def pointer(path: Iterable[str | int]) -> str:
    """Return `path` as a JSON Pointer (RFC 6901)."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)
