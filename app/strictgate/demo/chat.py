"""A chat completion: from the body of a request to a reply, without any I/O."""

from strictgate.demo.answer import answer_messages
from strictgate.demo.behaviours import ModelBehaviour, model_behaviour
from strictgate.demo.chat_request import ChatRequest, MalformedRequest, parse_chat_request
from strictgate.demo.render import render_completion
from strictgate.demo.reply import DemoReply, openai_error


def chat(raw: bytes, *, is_beta: bool = False) -> DemoReply:
    """Return the reply to a chat completion request.

    Args:
        raw: the body of the request.
        is_beta: whether it came under `/beta`, DeepSeek's address for new features.
    """
    try:
        request = parse_chat_request(raw, is_beta=is_beta)
        behaviour = model_behaviour(request.body["model"])
        if behaviour is None:
            return unknown_model(request.body["model"])
        reply = _answer(request, behaviour)
    except MalformedRequest as error:
        return openai_error(400, error.message, param=error.param)
    for fault in behaviour.faults:
        reply = fault(reply)
    return reply


def unknown_model(model: str) -> DemoReply:
    """Return OpenAI's error for a model that it does not have."""
    message = f"The model `{model}` does not exist or you do not have access to it."
    return openai_error(404, message, code="model_not_found")


def _answer(request: ChatRequest, behaviour: ModelBehaviour) -> DemoReply:
    for refuse in behaviour.refusals:
        refusal = refuse(request)
        if refusal is not None:
            return refusal
    return render_completion(request, answer_messages(request, behaviour.changes))
