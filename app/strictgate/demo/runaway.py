"""Answers without an end: the model repeats itself until the token limit is reached.

Only a fresh answer does that. A continuation of a prefix comes to its end.
"""

import re

ENOUGH = 5000
"""Characters that are written if the request has no limit."""
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s"\[\]{},:]+')


def blanks(text: str) -> str:
    """Write newlines after the first comma, or after the first bracket if there is no comma."""
    tokens = list(_TOKEN.finditer(text))
    commas = [token.end() for token in tokens if token[0] == ","]
    brackets = [token.end() for token in tokens if token[0] in "{["]
    end = (*commas[:1], *brackets[:1], 0)[0]
    return text[:end] + "\n" * ENOUGH


def array(text: str) -> str:
    """Repeat the first item of the first array. Without an array, begin one at the end."""
    tokens = list(_TOKEN.finditer(text))
    starts = [at for at, token in enumerate(tokens) if token[0] == "["]
    if not starts:
        return text[:-1] + ',"more":[' + "1," * (ENOUGH // 2)
    start = tokens[starts[0]].end()
    item = text[start : _value_end(tokens[starts[0] + 1 :])].rstrip() or "1"
    return text[:start] + f"{item}," * (ENOUGH // (len(item) + 1) + 1)


def _value_end(tokens: list[re.Match[str]]) -> int:
    """Return the offset at which the first value of an array ends; `tokens` start with it."""
    depth = 0
    for token in tokens:
        if depth == 0 and token[0] in ",]":
            return token.start()
        depth += (token[0] in "{[") - (token[0] in "}]")
    return tokens[-1].end()


def string(text: str) -> str:
    """Never close the first string that is a value. Without one, begin one at the end."""
    for token in _TOKEN.finditer(text):
        if token[0].startswith('"') and not text[token.end() :].lstrip().startswith(":"):
            words = token[0][1:-1] or "la"
            return text[: token.start()] + '"' + f"{words} " * (ENOUGH // (len(words) + 1) + 1)
    return text[:-1] + ',"more":"' + "la " * (ENOUGH // 3)
