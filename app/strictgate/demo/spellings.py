"""The ways in which models write what is not quite JSON, and what they put around a document."""

import re

_STRING = r'"(?:[^"\\]|\\.)*"'
_TOKEN = re.compile(rf"{_STRING}|true|false|null")
_NUMBER = re.compile(rf"(?P<string>{_STRING})|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_SCALAR = re.compile(rf"(?<=[:\[,])(?:{_STRING}|true|false|null)")
_FIRST_NAME = re.compile(rf"\{{({_STRING}):")
_PYTHON = {"true": "True", "false": "False", "null": "None"}

PROSE_ANSWER = (
    "I would be glad to help with that. There is a lot to say about it, and I will gladly go into "
    "detail if you tell me more."
)


def trailing_comma(text: str) -> str:
    """Put a comma before the last bracket, if there is something to put it behind."""
    return f"{text[:-1]},{text[-1]}" if text[-1:] in ("}", "]") and len(text) > 2 else text


def python_literals(text: str) -> str:
    """Write Python's True, False and None for true, false and null."""
    return _TOKEN.sub(lambda token: _PYTHON.get(token[0], token[0]), text)


def single_quotes(text: str) -> str:
    """Write strings in single quotes."""

    def requoted(token: re.Match[str]) -> str:
        if not token[0].startswith('"'):
            return token[0]
        return "'" + token[0][1:-1].replace('\\"', '"').replace("'", "\\'") + "'"

    return _TOKEN.sub(requoted, text)


def comments(text: str) -> str:
    """Write comments before, or inside the outermost brackets."""
    if text[:1] not in ("{", "["):
        return f"// the answer\n{text}"
    return f"{text[0]} // the answer\n{text[1:-1]} /* that is all */ {text[-1]}"


def duplicate_key(text: str) -> str:
    """Write the first property twice: first with null, then with its value."""
    return _FIRST_NAME.sub(lambda first: f"{{{first[1]}:null,{first[1]}:", text, count=1)


def nan(text: str) -> str:
    """Write NaN for the first number; without a number, for the first other value."""
    for token in _NUMBER.finditer(text):
        if token["string"] is None:
            return f"{text[: token.start()]}NaN{text[token.end() :]}"
    return _SCALAR.sub("NaN", text, count=1)


def fenced(text: str) -> str:
    """Put the document in a Markdown code fence."""
    return f"```json\n{text}\n```"


def prose(text: str) -> str:
    """Write a sentence before the document and one after it."""
    before = "Sure! Here is the JSON that you asked for:"
    return f"{before}\n\n{text}\n\nLet me know if you would like anything changed."


def thinks(text: str) -> str:
    """Write thoughts before the document, with an object in them that is not the answer."""
    idea = 'The user wants JSON. Perhaps {"a": 1}? No, I had better follow the schema.'
    return f"<think>\n{idea}\n</think>\n\n{text}"


def several_objects(text: str) -> str:
    """Write another object, a draft, before the document."""
    return f'{{"draft": true}}\n{text}'
