"""How models write JSON that is not JSON, and what they put around it."""

import re

_STRING = r'"(?:[^"\\]|\\.)*"'
_TOKEN = re.compile(rf"{_STRING}|true|false|null")
_NUMBER = re.compile(rf"(?P<string>{_STRING})|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_SCALAR = re.compile(rf"(?<=[:\[,])(?:{_STRING}|true|false|null)")
_FIRST_NAME = re.compile(rf"\{{({_STRING}):")
_PYTHON = {"true": "True", "false": "False", "null": "None"}

IGNORANT = (
    "I would be glad to help with that. There is a lot to say about it, and I will gladly go into "
    "detail if you tell me more."
)


def trailing_comma(text: str) -> str:
    """Put a comma before the last bracket."""
    return f"{text[:-1]},{text[-1]}" if text[-1:] in ("}", "]") and len(text) > 2 else text


def python_literals(text: str) -> str:
    """Write True, False and None."""
    return _TOKEN.sub(lambda token: _PYTHON.get(token[0], token[0]), text)


def single_quotes(text: str) -> str:
    """Write strings in single quotes."""

    def requoted(token: re.Match[str]) -> str:
        if not token[0].startswith('"'):
            return token[0]
        return "'" + token[0][1:-1].replace('\\"', '"').replace("'", "\\'") + "'"

    return _TOKEN.sub(requoted, text)


def comments(text: str) -> str:
    """Explain the document inside it."""
    if text[:1] not in ("{", "["):
        return f"// the answer\n{text}"
    return f"{text[0]} // the answer\n{text[1:-1]} /* that is all */ {text[-1]}"


def duplicate_key(text: str) -> str:
    """Give the first property twice, first with null."""
    return _FIRST_NAME.sub(lambda first: f"{{{first[1]}:null,{first[1]}:", text, count=1)


def nan(text: str) -> str:
    """Write NaN for the first number; without a number, for the first other value."""
    for token in _NUMBER.finditer(text):
        if token["string"] is None:
            return f"{text[: token.start()]}NaN{text[token.end() :]}"
    return _SCALAR.sub("NaN", text, count=1)


def fenced(text: str) -> str:
    """Put the document in a Markdown fence."""
    return f"```json\n{text}\n```"


def prose(text: str) -> str:
    """Talk before and after."""
    before = "Sure! Here is the JSON that you asked for:"
    return f"{before}\n\n{text}\n\nLet me know if you would like anything changed."


def thinks(text: str) -> str:
    """Think aloud before, with an object in it that is not meant."""
    idea = 'The user wants JSON. Perhaps {"a": 1}? No, I had better follow the schema.'
    return f"<think>\n{idea}\n</think>\n\n{text}"


def several_objects(text: str) -> str:
    """Give a draft before the document."""
    return f'{{"draft": true}}\n{text}'
