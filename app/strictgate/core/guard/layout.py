"""How a model lays its document out, so that what is written for it looks like its own.

A weak model goes on in the manner of what stands there. Behind `{"user":{"`, which nobody but a
program writes below a first line that was broken, it goes on with a schema, and in one line; behind
the same with the line breaks and blanks that it has used itself, with the values.
"""

import re

from strictgate.core.value_type import value_type

_MEMBER = re.compile(rb'([,{])([ \t\r\n]*)"(?:[^"\\]|\\.)*"[ \t\r\n]*:([ \t\r\n]*)')
_ROOT = re.compile(rb"[ \t\r\n]*[{\[][ \t]*(\r?\n)([ \t]*)")
_BEGUN = re.compile(rb'\{([ \t\r\n]*)"')
_LOOK_BACK = 2048
_MOST_INDENTATION = 8  # blanks of one level: more is no indentation
_QUOTE, _ESCAPE, _COMMA, _COLON = b'"\\,:'
_OPENERS, _CLOSERS = b"{[", b"}]"


@value_type
class Layout:
    """The blanks that a model puts between the parts of a document."""

    behind_comma: bytes
    behind_colon: bytes
    at_colon: bytes
    """What ends a piece that ends with a colon."""
    line: bytes = b""
    """The line break; nothing, where objects are in one line."""
    indentation: bytes = b""
    """Of one level."""

    def laid_out(self, data: bytes, behind: bytes, depth: int, *, in_string: bool) -> bytes:
        """Return `data`, a piece of JSON without blanks, with those that belong into it.

        Args:
            behind: the last byte of what it comes behind.
            depth: how many containers are open there.
            in_string: a string or a name is open there.
        """
        laid = bytearray()
        before = behind[-1] if behind and not in_string else 0
        is_escaped = False
        for byte in data:
            if in_string:
                in_string = is_escaped or byte != _QUOTE
                is_escaped = byte == _ESCAPE and not is_escaped
            else:
                laid += b"" if byte in _CLOSERS else self._between(before, depth)
                depth += (byte in _OPENERS) - (byte in _CLOSERS)
                in_string = byte == _QUOTE
            laid.append(byte)
            before = 0 if in_string else byte
        if before == _COMMA:
            laid += self._between(before, depth)
        elif before == _COLON:
            laid += self.at_colon
        return bytes(laid)

    def _between(self, before: int, depth: int) -> bytes:
        """Return what stands between the structural byte `before` and what follows it."""
        if before == _COLON:
            return self.behind_colon
        if before in _OPENERS and self.line:
            return self.line + self.indentation * depth
        if before == _COMMA:
            is_broken = self.line and b"\n" in self.behind_comma
            return self.line + self.indentation * depth if is_broken else self.behind_comma
        return b""


def layout(text: bytes) -> Layout:
    """Return how the document is laid out that begins with `text`."""
    line, indentation = _lines(text)
    recent = text[-_LOOK_BACK:]
    members = [each for each in _MEMBER.finditer(recent) if each.end() < len(recent)]
    if not members:
        return Layout(line or b" ", b" " if line else b"", b" ", line, indentation)
    opener, before, behind_colon = members[-1].groups()
    is_telling = opener == b"," or b"\n" in before
    return Layout(
        before if is_telling else behind_colon, behind_colon, behind_colon, line, indentation
    )


def _lines(text: bytes) -> tuple[bytes, bytes]:
    """Return the line break behind the bracket of an object, and the indentation of a level;
    nothing, where the root or the object that was begun last is in one line."""
    root = _ROOT.match(text)
    begun = [each for each in _BEGUN.finditer(text[-_LOOK_BACK:])]
    if root is None or len(root[2]) > _MOST_INDENTATION or (begun and b"\n" not in begun[-1][1]):
        return b"", b""
    return root[1], root[2]
