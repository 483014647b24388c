"""Frameworks for Python that stand on OpenAI's SDK: each in its own ways of asking."""

import os

from shared import Mood, main

URL = f"{os.environ['STRICTGATE_URL']}/v1"
QUESTION = "Which mood? Answer in JSON."
MESSAGES = [{"role": "user", "content": QUESTION}]


def instructor_way(mode):
    def way(model, **more):
        import instructor
        import openai

        client = instructor.from_openai(
            openai.OpenAI(base_url=URL, api_key="k", max_retries=0), mode=instructor.Mode[mode]
        )
        return client.chat.completions.create(
            model=model, messages=MESSAGES, response_model=Mood, max_retries=1, **more
        )

    way.__name__ = mode
    return way


def langchain_way(method, *, streamed=False):
    def way(model, **more):
        from langchain_openai import ChatOpenAI

        chat = ChatOpenAI(model=model, base_url=URL, api_key="k", max_retries=0, **more)
        asked = chat.with_structured_output(Mood, method=method)
        return list(asked.stream(QUESTION))[-1] if streamed else asked.invoke(QUESTION)

    way.__name__ = method + (" streamed" if streamed else "")
    return way


def pydantic_ai_way(output):
    def way(model, **more):
        from pydantic_ai import Agent, NativeOutput, PromptedOutput, ToolOutput
        from pydantic_ai.models.openai import OpenAIChatModel
        from pydantic_ai.providers.openai import OpenAIProvider

        kinds = {"native": NativeOutput, "tool": ToolOutput, "prompted": PromptedOutput}
        made = OpenAIChatModel(model, provider=OpenAIProvider(base_url=URL, api_key="k"))
        agent = Agent(made, output_type=kinds[output](Mood), model_settings=more or None)
        return agent.run_sync(QUESTION).output

    way.__name__ = output
    return way


def agents_way(api):
    def way(model, max_tokens=None):
        from agents import (
            Agent,
            ModelSettings,
            OpenAIChatCompletionsModel,
            OpenAIResponsesModel,
            Runner,
            set_tracing_disabled,
        )
        from openai import AsyncOpenAI

        set_tracing_disabled(disabled=True)
        client = AsyncOpenAI(base_url=URL, api_key="k", max_retries=0)
        kinds = {"chat": OpenAIChatCompletionsModel, "responses": OpenAIResponsesModel}
        agent = Agent(
            name="mood",
            model=kinds[api](model=model, openai_client=client),
            output_type=Mood,
            model_settings=ModelSettings(max_tokens=max_tokens),
        )
        return Runner.run_sync(agent, QUESTION).final_output

    way.__name__ = api
    return way


def litellm_way(*, streamed=False):
    def way(model, **more):
        import json

        import litellm

        got = litellm.completion(
            model=f"openai/{model}",
            api_base=URL,
            api_key="k",
            messages=MESSAGES,
            response_format=Mood,
            max_retries=0,
            stream=streamed,
            **more,
        )
        if streamed:
            return json.loads("".join(each.choices[0].delta.content or "" for each in got))
        message = got.choices[0].message
        return json.loads(message.content) if message.content else {"refusal": "empty"}

    way.__name__ = "completion" + (" streamed" if streamed else "")
    return way


WAYS = {
    "instructor": [
        instructor_way(mode) for mode in ("TOOLS", "TOOLS_STRICT", "JSON", "JSON_SCHEMA", "MD_JSON")
    ],
    "langchain-openai": [
        *(langchain_way(each) for each in ("json_schema", "function_calling", "json_mode")),
        langchain_way("json_schema", streamed=True),
    ],
    "pydantic-ai-slim": [pydantic_ai_way(each) for each in ("native", "tool", "prompted")],
    "openai-agents": [agents_way("chat"), agents_way("responses")],
    "litellm": [litellm_way(), litellm_way(streamed=True)],
}

if __name__ == "__main__":
    main(WAYS)
