"""The other routes: models, embeddings, transcriptions, and an echo for what is passed through."""

import base64
import struct
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson

from strictgate.demo.behaviours import BEHAVIOURS, find_behaviour, model_behaviour
from strictgate.demo.chat import unknown_model
from strictgate.demo.chat_request import CHARACTERS_PER_TOKEN
from strictgate.demo.render import CREATED
from strictgate.demo.reply import DemoReply, json_reply, openai_error

_DIMENSIONS = 8
_MAX_DIMENSIONS = 4096


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One HTTP request with its whole body."""

    method: str
    path: str
    query: str
    headers: list[tuple[str, str]]
    body: bytes


Endpoint = Callable[[HttpRequest], DemoReply]


def list_models(request: HttpRequest) -> DemoReply:
    """List the behaviours as models."""
    return json_reply({"object": "list", "data": [_model(f"demo/{name}") for name in BEHAVIOURS]})


def show_model(request: HttpRequest) -> DemoReply:
    """Describe one model, which may have several behaviours."""
    name = request.path.removeprefix("/v1/models/")
    return unknown_model(name) if model_behaviour(name) is None else json_reply(_model(name))


def _model(name: str) -> dict[str, Any]:
    found = map(find_behaviour, name.rpartition("/")[2].split("+"))
    return {
        "id": name,
        "object": "model",
        "created": CREATED,
        "owned_by": "demo",
        "description": "; ".join(each.description for each in found if each is not None),
    }


def embed(request: HttpRequest) -> DemoReply:
    """Return small vectors, which depend on the texts alone."""
    try:
        body = orjson.loads(request.body)
        texts = body["input"]
    except (orjson.JSONDecodeError, TypeError, KeyError):
        return openai_error(400, "Missing required parameter: 'input'.", param="input")
    one = isinstance(texts, str) or (bool(texts) and isinstance(texts[0], int))
    inputs = [texts] if one else list(texts)
    size = min(int(body.get("dimensions") or _DIMENSIONS), _MAX_DIMENSIONS)
    encode = _base64 if body.get("encoding_format") == "base64" else list
    tokens = len(request.body) // CHARACTERS_PER_TOKEN
    data = [
        {"object": "embedding", "index": index, "embedding": encode(_vector(each, size))}
        for index, each in enumerate(inputs)
    ]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return json_reply({"object": "list", "data": data, "model": body.get("model"), "usage": usage})


def _vector(text: Any, size: int) -> list[float]:
    """Return `size` numbers from -1 to 1, made of hashes of the text."""
    seed = orjson.dumps(text)
    digests = (sha256(seed + bytes([block % 256])).digest() for block in range(size // 32 + 1))
    return [byte / 127.5 - 1 for byte in b"".join(digests)[:size]]


def _base64(vector: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def transcribe(request: HttpRequest) -> DemoReply:
    """Return a transcription that says how many bytes were received, the form included."""
    return json_reply({"text": f"{len(request.body)} bytes received."})


def echo(request: HttpRequest) -> DemoReply:
    """Return what the request was like, so that tests can see what was passed through."""
    return json_reply(
        {
            "method": request.method,
            "path": request.path,
            "query": request.query,
            "headers": request.headers,
            "size": len(request.body),
            "sha256": sha256(request.body).hexdigest(),
        }
    )
