"""The parts of a document that was asked for in parts, put together.

Every name and value keeps the model's own characters; the brackets and commas between them are
ours. Parts have the objects in common that were divided; of a member that two of them have, the
first counts.
"""

from collections.abc import Collection, Sequence

from strictgate.core.jsontext.pointer import Path
from strictgate.core.jsontext.spans import MemberSpan, Span, locate_values
from strictgate.core.output.origins import ByteOrigin, DocumentOrigins, OriginRecorder
from strictgate.core.value_type import value_type


@value_type
class OriginText:
    """A document, or a part of one, with whom its bytes are from."""

    text: str
    origins: DocumentOrigins


def merge_parts(parts: Sequence[OriginText], divided: Collection[Path]) -> OriginText:
    """Return the document that `parts` make up.

    Args:
        divided: the paths of the objects whose members are spread over them, the root included.
    """
    merger = _Merger(parts, divided)
    merger.write_object(())
    text = b"".join(merger.pieces)
    return OriginText(text.decode(), merger.recorder.until(len(text)))


class _Merger:
    """Writes the document."""

    def __init__(self, parts: Sequence[OriginText], divided: Collection[Path]) -> None:
        self._parts = parts
        self._divided = divided
        self._places = [locate_values(part.text, divided) for part in parts]
        self.pieces: list[bytes] = []
        self.recorder = OriginRecorder()
        self._length = 0

    def write_object(self, path: Path) -> None:
        """Write a divided object."""
        members: dict[str, tuple[OriginText, MemberSpan]] = {}
        for part, places in zip(self._parts, self._places, strict=True):
            for member in places[path].members if path in places else ():
                members.setdefault(member.name, (part, member))
        self._join(b"{")
        for number, (name, (part, member)) in enumerate(members.items()):
            self._join(b", " if number else b"")
            self._copy(part, member.key)
            self._join(b": ")
            if (*path, name) in self._divided:
                self.write_object((*path, name))
            else:
                self._copy(part, member.value)
        self._join(b"}")

    def _join(self, data: bytes) -> None:
        if data:
            self.recorder.write(self._length, ByteOrigin.FORCED)
            self._add(data)

    def _copy(self, part: OriginText, span: Span) -> None:
        start = len(part.text[: span.start].encode())
        data = part.text[span.start : span.end].encode()
        for each in part.origins.ranges:
            if each.end > start and each.start < start + len(data):
                at = self._length + max(each.start - start, 0)
                self.recorder.write(at, each.origin)
        self._add(data)

    def _add(self, data: bytes) -> None:
        self.pieces.append(data)
        self._length += len(data)
