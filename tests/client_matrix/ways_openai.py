"""OpenAI's and Groq's SDKs for Python, in every way that they have of asking for a schema."""

import json
import os

import openai
from shared import SCHEMA, Mood, check, main

URL = os.environ["STRICTGATE_URL"]
MESSAGES = [{"role": "user", "content": "Which mood? Answer in JSON."}]
FORMAT = {
    "type": "json_schema",
    "json_schema": {"name": "mood", "schema": SCHEMA, "strict": True},
}
TOOLS = [openai.pydantic_function_tool(Mood, name="mood")]
REQUIRED = {"tools": TOOLS, "tool_choice": "required"}


def client():
    return openai.OpenAI(base_url=f"{URL}/v1", api_key="k", max_retries=0)


def create(model, **more):
    got = client().chat.completions.create(
        model=model, messages=MESSAGES, response_format=FORMAT, **more
    )
    return check(got.choices[0].message)


def create_streamed(model, **more):
    text = refusal = ""
    for chunk in client().chat.completions.create(
        model=model, messages=MESSAGES, response_format=FORMAT, stream=True, **more
    ):
        for choice in chunk.choices:
            text += choice.delta.content or ""
            refusal += choice.delta.refusal or ""
    return {"refusal": refusal} if refusal else json.loads(text)


def parse(model, **more):
    chat = client().chat.completions
    chat = chat if hasattr(chat, "parse") else client().beta.chat.completions
    got = chat.parse(model=model, messages=MESSAGES, response_format=Mood, **more)
    return check(got.choices[0].message)


def stream_helper(model, **more):
    chat = client().chat.completions
    chat = chat if hasattr(chat, "stream") else client().beta.chat.completions
    with chat.stream(model=model, messages=MESSAGES, response_format=Mood, **more) as stream:
        for _ in stream:
            pass
        return check(stream.get_final_completion().choices[0].message)


def tools(model, **more):
    got = client().chat.completions.create(model=model, messages=MESSAGES, **REQUIRED, **more)
    return check(got.choices[0].message)


def tools_streamed(model, **more):
    with client().chat.completions.stream(
        model=model, messages=MESSAGES, **REQUIRED, **more
    ) as stream:
        for _ in stream:
            pass
        return check(stream.get_final_completion().choices[0].message)


def responses_parse(model, max_tokens=None):
    got = client().responses.parse(
        model=model, input=MESSAGES, text_format=Mood, **_budget(max_tokens)
    )
    return _response(got)


def responses_stream(model, max_tokens=None):
    with client().responses.stream(
        model=model, input=MESSAGES, text_format=Mood, **_budget(max_tokens)
    ) as stream:
        for _ in stream:
            pass
        return _response(stream.get_final_response())


def _budget(tokens):
    return {} if tokens is None else {"max_output_tokens": tokens}


def _response(got):
    part = got.output[0].content[0]
    return {"refusal": part.refusal} if part.type == "refusal" else json.loads(got.output_text)


def groq_create(model, **more):
    import groq

    client = groq.Groq(base_url=URL, api_key="k", max_retries=0)
    got = client.chat.completions.create(
        model=model, messages=MESSAGES, response_format=FORMAT, **more
    )
    return check(got.choices[0].message)


WAYS = {
    "openai": [
        create,
        create_streamed,
        parse,
        stream_helper,
        tools,
        tools_streamed,
        responses_parse,
        responses_stream,
    ],
    "groq": [groq_create],
}

if __name__ == "__main__":
    main(WAYS)
