"""A key is blotted out of bytes that are otherwise passed on unread."""

from strictgate.core.jsontext.reader import write_json


class KeyFilter:
    """Puts as many stars in the place of a key, so that lengths stay as they were announced.

    The key is found as it is and as JSON may spell it, also where it is cut between two pieces.
    """

    def __init__(self, key: str) -> None:
        as_json = write_json(key)[1:-1]
        spellings = {key, as_json, as_json.replace("/", "\\/")}
        self._spellings = [each.encode("utf-8", "surrogateescape") for each in spellings]
        self._held = b""

    def feed(self, piece: bytes) -> bytes:
        """Return what is known to be no part of a key; the rest is held until it is known."""
        text = self._held + piece
        for spelling in self._spellings:
            if spelling in text:
                text = text.replace(spelling, b"*" * len(spelling))
        held = max(_length_of_beginning(text, spelling) for spelling in self._spellings)
        self._held = text[len(text) - held :]
        return text[: len(text) - held]

    def flush(self) -> bytes:
        """Return what was held: no key came of it."""
        held, self._held = self._held, b""
        return held


def _length_of_beginning(text: bytes, key: bytes) -> int:
    """Return how many bytes at the end of `text` could be the beginning of `key`."""
    longest = min(len(key) - 1, len(text))
    return next((n for n in range(longest, 0, -1) if key.startswith(text[-n:])), 0)
