"""A chat completion: from the bytes of a request to a reply, without any I/O."""

from strictgate.demo.answer import messages
from strictgate.demo.ask import ChatRequest, Malformed, read_request
from strictgate.demo.behaviours import Conduct, conduct
from strictgate.demo.render import completion
from strictgate.demo.reply import DemoReply, failure


def chat(raw: bytes, *, beta: bool = False) -> DemoReply:
    """Return the reply to the chat completion request `raw`; see `Ask.beta`."""
    try:
        return _reply(read_request(raw, beta=beta))
    except Malformed as error:
        return failure(400, error.message, param=error.param)


def _reply(ask: ChatRequest) -> DemoReply:
    model = ask.body["model"]
    behaviour = conduct(model)
    if behaviour is None:
        return unknown_model(model)
    reply = _answer(ask, behaviour)
    for deliver in behaviour.deliveries:
        reply = deliver(reply)
    return reply


def unknown_model(model: str) -> DemoReply:
    """Return what OpenAI says of a model that it does not have."""
    message = f"The model `{model}` does not exist or you do not have access to it."
    return failure(404, message, code="model_not_found")


def _answer(ask: ChatRequest, behaviour: Conduct) -> DemoReply:
    for refuse in behaviour.refusals:
        refusal = refuse(ask)
        if refusal is not None:
            return refusal
    return completion(ask, messages(ask, behaviour.manner))
