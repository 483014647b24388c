"""What every surface of the table promises, whichever API it is."""

import json

import pytest

from strictgate.core.capabilities import Capabilities
from strictgate.core.errors import BadRequest, GatewayError, OutputInvalid
from strictgate.core.request.contract import CarriedSchemas
from strictgate.core.surfaces.surface import AnswerIdentity
from strictgate.core.surfaces.table import ROUTES
from strictgate.core.wire.choice_delta import ChoiceDelta
from strictgate.core.wire.request_body import RequestBody
from strictgate.core.wire.sse import Splitter

SURFACES = {surface.name: surface for surface in ROUTES.values()}
REQUESTS = {
    "chat": {"model": "m", "messages": [{"role": "user", "content": "hi"}]},
    "responses": {"model": "m", "input": "hi"},
}
"""A plain request of each surface."""
IDENTITY = AnswerIdentity("00ff", 7)
HEAD = {"id": "c", "created": 1, "model": "m"}
CHOICE = {
    "index": 0,
    "message": {"role": "assistant", "content": '{"a":1}'},
    "logprobs": None,
    "finish_reason": "stop",
}
WHOLE = {**HEAD, "object": "chat.completion", "choices": [CHOICE], "x_strictgate": {"mode": "x"}}
ERRORS = [
    BadRequest("No.", param="messages", code="c"),
    GatewayError("Internal error."),
    OutputInvalid("Bad.", failed_generation="{", details={"attempts": []}),
]


@pytest.fixture(params=SURFACES)
def surface(request):
    return SURFACES[request.param]


@pytest.fixture
def writer(surface):
    return surface.read_request(REQUESTS[surface.name]).writer(IDENTITY)


def events(frames):
    """The events of a stream that are JSON."""
    return [
        json.loads(event.data)
        for event in Splitter().feed(frames)
        if event.data and event.data != "[DONE]"
    ]


def test_every_surface_is_tried():
    """A new surface needs a request here, and is then held to all of this."""
    assert SURFACES.keys() == REQUESTS.keys()


def test_carried(surface):
    """A plain request carries nothing, and does not have to be odd for a refusal to name it."""
    body = RequestBody(json.dumps(REQUESTS[surface.name]).encode())

    assert surface.carried(body) == CarriedSchemas()
    for raw in (b"{", b"[]", b""):
        with pytest.raises(BadRequest):
            surface.carried(RequestBody(raw))


def test_chat(surface):
    """The chat completion asks the same model the same."""
    chat = surface.read_request(REQUESTS[surface.name]).chat

    assert chat["model"] == "m"
    assert chat["messages"] == [{"role": "user", "content": "hi"}]


def test_is_spoken_by(surface):
    """An upstream that has everything has this."""
    assert surface.is_spoken_by(Capabilities(responses=True))


def test_whole(writer):
    """The text and what Strictgate tells of it are in the answer."""
    told = json.dumps(writer.body(WHOLE))

    assert '{\\"a\\":1}' in told
    assert '"x_strictgate"' in told


@pytest.mark.parametrize("sent", [0, 3, 7])
def test_streamed(writer, sent):
    """What has been news is not said again; all of it together is the text."""
    news = [ChoiceDelta(0, {"content": each}) for each in '{"a":1}'[:sent]]
    frames = b"".join(writer.news(HEAD, [each]) for each in news)
    frames += writer.pause()
    frames += b"".join(writer.rest(WHOLE, {0: {"content": sent}} if sent else {}))
    deltas = [text for event in events(frames) for text in _deltas(event)]

    assert "".join(deltas) == '{"a":1}'


def _deltas(event):
    if isinstance(event.get("delta"), str):
        yield event["delta"]
    for choice in event.get("choices", ()):
        yield choice["delta"].get("content") or ""


def test_pause(writer):
    """What is said in silence is no event."""
    assert writer.pause()
    assert events(writer.pause()) == []


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_errors(surface, writer, error):
    """An error keeps its status and its words, whole, in a stream, and between two frames."""
    told = surface.error(error)

    assert told.status == error.status
    assert error.message in json.dumps(told.body)
    for frames in (writer.failed(error), surface.error_frame(error)):
        assert error.message in json.dumps(events(frames)[-1])


def test_translate_error(surface):
    """An error that blames nothing stays as it is."""
    error = BadRequest("No.")
    surface.read_request(REQUESTS[surface.name]).translate_error(error)

    assert (error.message, error.param) == ("No.", None)
