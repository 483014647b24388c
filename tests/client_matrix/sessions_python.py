"""Sessions with a tool, as each Python client holds them: in its own loop, as its manual has it."""

import asyncio
import importlib.metadata
import json
import os
import sys
from typing import Literal

from pydantic import BaseModel

URL = f"{os.environ['STRICTGATE_URL']}/v1"
MODEL = os.environ["STRICTGATE_MODEL"]
SESSIONS = json.loads(os.environ["STRICTGATE_SESSIONS"])
WEATHER = {
    "name": "get_weather",
    "description": "Tell the weather.",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
}


class Report(BaseModel):
    sky: Literal["sunny", "grey"]
    degrees: int


class Weather:
    """The function that the model may call; it notes what it was called with."""

    def __init__(self):
        self.called = []

    def get_weather(self, city: str) -> str:
        """Tell the weather."""
        self.called.append({"city": city})
        return f"Sunny, 21 degrees in {city}."


def plain(said):
    return said.model_dump() if isinstance(said, BaseModel) else said


# --- openai: the loop by hand ------------------------------------------------------------------


def openai_chat(weather, prompts, *, document, streamed=False):
    import openai

    chat = openai.OpenAI(base_url=URL, api_key="k", max_retries=0).chat.completions
    tools = [{"type": "function", "function": WEATHER}]
    wanted = {"response_format": Report} if document else {}
    if document:  # its helpers insist on strict functions
        strict = {**WEATHER, "strict": True}
        strict["parameters"] = {**WEATHER["parameters"], "additionalProperties": False}
        tools = [{"type": "function", "function": strict}]
    messages = []
    for prompt in prompts:
        messages.append({"role": "user", "content": prompt})
        while True:
            asked = {"model": MODEL, "messages": messages, "tools": tools, **wanted}
            if streamed:
                with chat.stream(**asked) as stream:
                    message = stream.get_final_completion().choices[0].message
            else:
                make = chat.parse if document else chat.create
                message = make(**asked).choices[0].message
            messages.append(message.model_dump(exclude_none=True, exclude={"parsed"}))
            if not message.tool_calls:
                break
            for call in message.tool_calls:
                told = weather.get_weather(**json.loads(call.function.arguments))
                messages.append({"role": "tool", "tool_call_id": call.id, "content": told})
    return plain(message.parsed) if document else message.content


def openai_streamed(weather, prompts, *, document):
    return openai_chat(weather, prompts, document=document, streamed=True)


def openai_responses(weather, prompts, *, document, streamed=False):
    import openai

    responses = openai.OpenAI(base_url=URL, api_key="k", max_retries=0).responses
    tools = [{"type": "function", **WEATHER}]
    wanted = {"text_format": Report} if document else {}
    if document:
        parameters = {**WEATHER["parameters"], "additionalProperties": False}
        tools = [{"type": "function", **WEATHER, "parameters": parameters, "strict": True}]
    items = []
    for prompt in prompts:
        items.append({"role": "user", "content": prompt})
        while True:
            asked = {"model": MODEL, "input": items, "tools": tools, **wanted}
            if streamed:
                with responses.stream(**asked) as stream:
                    got = stream.get_final_response()
            else:
                got = (responses.parse if document else responses.create)(**asked)
            items += got.output
            calls = [each for each in got.output if each.type == "function_call"]
            if not calls:
                break
            for call in calls:
                told = weather.get_weather(**json.loads(call.arguments))
                result = {"type": "function_call_output", "call_id": call.call_id, "output": told}
                items.append(result)
    return plain(got.output_parsed) if document else got.output_text


def openai_responses_streamed(weather, prompts, *, document):
    return openai_responses(weather, prompts, document=document, streamed=True)


# --- frameworks ----------------------------------------------------------------------------------


def agents_way(api, *, streamed=False):
    def way(weather, prompts, *, document):
        import agents
        from openai import AsyncOpenAI

        agents.set_tracing_disabled(disabled=True)
        client = AsyncOpenAI(base_url=URL, api_key="k", max_retries=0)
        kinds = {
            "chat": agents.OpenAIChatCompletionsModel,
            "responses": agents.OpenAIResponsesModel,
        }
        agent = agents.Agent(
            name="weather",
            instructions="Be brief.",
            model=kinds[api](model=MODEL, openai_client=client),
            tools=[agents.function_tool(weather.get_weather)],
            output_type=Report if document else None,
        )

        async def held():
            items = []
            for prompt in prompts:
                items.append({"role": "user", "content": prompt})
                if streamed:
                    done = agents.Runner.run_streamed(agent, items)
                    async for _ in done.stream_events():
                        pass
                else:
                    done = await agents.Runner.run(agent, items)
                items = done.to_input_list()
            return plain(done.final_output)

        return asyncio.run(held())

    way.__name__ = api + (" streamed" if streamed else "")
    return way


def pydantic_ai_way(api, *, streamed=False):
    def way(weather, prompts, *, document):
        from pydantic_ai import Agent, NativeOutput
        from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
        from pydantic_ai.providers.openai import OpenAIProvider

        kinds = {"chat": OpenAIChatModel, "responses": OpenAIResponsesModel}
        model = kinds[api](MODEL, provider=OpenAIProvider(base_url=URL, api_key="k"))
        agent = Agent(model, output_type=NativeOutput(Report) if document else str)
        agent.tool_plain(weather.get_weather)

        async def held():
            history = None
            for prompt in prompts:
                if streamed:
                    async with agent.run_stream(prompt, message_history=history) as done:
                        said = await done.get_output()
                        history = done.all_messages()
                else:
                    done = await agent.run(prompt, message_history=history)
                    said, history = done.output, done.all_messages()
            return plain(said)

        return asyncio.run(held())

    way.__name__ = api + (" streamed" if streamed else "")
    return way


def langchain_way(api, *, streamed=False):
    def way(weather, prompts, *, document):
        from langchain_core.messages import HumanMessage
        from langchain_core.tools import tool
        from langchain_openai import ChatOpenAI

        used = {"use_responses_api": api == "responses"}
        chat = ChatOpenAI(model=MODEL, base_url=URL, api_key="k", max_retries=0, **used)
        function = tool(weather.get_weather)
        more = {"response_format": Report, "strict": True} if document else {}
        asked = chat.bind_tools([function], **more)
        messages = []
        for prompt in prompts:
            messages.append(HumanMessage(prompt))
            while True:
                if streamed:
                    chunks = [*asked.stream(messages)]
                    got = sum(chunks[1:], start=chunks[0])
                else:
                    got = asked.invoke(messages)
                messages.append(got)
                if not got.tool_calls:
                    break
                messages += [function.invoke(call) for call in got.tool_calls]
        return json.loads(got.text) if document else got.text

    way.__name__ = api + (" streamed" if streamed else "")
    return way


def litellm_way(route, *, streamed=False):
    def way(weather, prompts, *, document):
        import litellm

        base = {"groq": URL.replace("/v1", "/openai/v1")}.get(route, URL)
        tools = [{"type": "function", "function": WEATHER}]
        wanted = {"response_format": Report} if document else {}
        messages = []
        for prompt in prompts:
            messages.append({"role": "user", "content": prompt})
            while True:
                got = litellm.completion(
                    model=f"{route}/{MODEL}",
                    api_base=base,
                    api_key="k",
                    messages=messages,
                    tools=tools,
                    stream=streamed,
                    max_retries=0,
                    **wanted,
                )
                if streamed:
                    got = litellm.stream_chunk_builder([*got])
                message = got.choices[0].message
                messages.append(message.model_dump(exclude_none=True))
                if not message.tool_calls:
                    break
                for call in message.tool_calls:
                    told = weather.get_weather(**json.loads(call.function.arguments))
                    messages.append({"role": "tool", "tool_call_id": call.id, "content": told})
        return json.loads(message.content) if document else message.content

    way.__name__ = route + (" streamed" if streamed else "")
    return way


def kernel_way(*, streamed=False):
    def way(weather, prompts, *, document):
        from openai import AsyncOpenAI
        from semantic_kernel import Kernel
        from semantic_kernel.connectors.ai.function_choice_behavior import FunctionChoiceBehavior
        from semantic_kernel.connectors.ai.open_ai import (
            OpenAIChatCompletion,
            OpenAIChatPromptExecutionSettings,
        )
        from semantic_kernel.contents import ChatHistory
        from semantic_kernel.functions import kernel_function

        client = AsyncOpenAI(base_url=URL, api_key="k", max_retries=0)
        service = OpenAIChatCompletion(ai_model_id=MODEL, async_client=client)
        kernel = Kernel()

        @kernel_function(name="get_weather", description="Tell the weather.")
        def get_weather(city: str) -> str:
            return weather.get_weather(city)

        kernel.add_function("weather", get_weather)
        settings = OpenAIChatPromptExecutionSettings(
            function_choice_behavior=FunctionChoiceBehavior.Auto(),
            **({"response_format": Report} if document else {}),
        )

        async def held():
            history = ChatHistory()
            for prompt in prompts:
                history.add_user_message(prompt)
                if streamed:
                    said = ""
                    async for pieces in service.get_streaming_chat_message_contents(
                        history, settings, kernel=kernel
                    ):
                        said += "".join(str(each) for each in pieces)
                else:
                    (got,) = await service.get_chat_message_contents(
                        history, settings, kernel=kernel
                    )
                    said = str(got)
                history.add_assistant_message(said)
            return json.loads(said) if document else said

        return asyncio.run(held())

    way.__name__ = "chat" + (" streamed" if streamed else "")
    return way


def agno_way(kind, *, streamed=False):
    def way(weather, prompts, *, document):
        from agno.agent import Agent
        from agno.models.openai import OpenAIChat, OpenAIResponses
        from agno.models.openai.like import OpenAILike

        kinds = {"chat": OpenAIChat, "responses": OpenAIResponses, "like": OpenAILike}
        model = kinds[kind](id=MODEL, base_url=URL, api_key="k", max_retries=0)
        agent = Agent(
            model=model,
            tools=[weather.get_weather],
            telemetry=False,
            output_schema=Report if document else None,
        )
        history = []
        for prompt in prompts:
            from agno.models.message import Message

            history.append(Message(role="user", content=prompt))
            if streamed:
                events = [*agent.run(history, stream=True, stream_events=True)]
                done = events[-1]
                bad = [each for each in events if type(each).__name__ == "RunErrorEvent"]
                if bad:
                    raise RuntimeError(bad[0].content)
            else:
                done = agent.run(history)
                if getattr(done.status, "name", "") == "error":
                    raise RuntimeError(done.content)
            if done.content is not None and not document:
                history.append(Message(role="assistant", content=done.content))
        return plain(done.content)

    way.__name__ = kind + (" streamed" if streamed else "")
    return way


def both(make, *kinds):
    return [make(*kind, streamed=streamed) for kind in kinds for streamed in (False, True)]


WAYS = {
    "openai": [openai_chat, openai_streamed, openai_responses, openai_responses_streamed],
    "langchain-openai": both(langchain_way, ("chat",), ("responses",)),
    "pydantic-ai-slim": both(pydantic_ai_way, ("chat",), ("responses",)),
    "openai-agents": both(agents_way, ("chat",), ("responses",)),
    "litellm": both(litellm_way, ("openai",), ("groq",), ("openai/responses",)),
    "semantic-kernel": both(kernel_way, ()),
    "agno": both(agno_way, ("chat",), ("like",), ("responses",)),
}


def result_of(way, prompts, *, document):
    weather = Weather()
    try:
        said = way(weather, prompts, document=document)
    except Exception as error:  # every one of them is what the matrix is about
        cause = error.__cause__ or error.__context__
        told = {"raised": type(error).__name__, "message": str(error)[:2000]}
        return told | {"cause": type(cause).__name__ if cause else None}
    return {"value": {"called": weather.called, "said": said}}


def main():
    for client in sys.argv[1:]:
        version = importlib.metadata.version(client)
        for way in WAYS[client]:
            for case, prompts in SESSIONS.items():
                row = {"client": client, "version": version, "way": way.__name__, "case": case}
                print(json.dumps(row | result_of(way, prompts, document=case == "document")))
                sys.stdout.flush()


if __name__ == "__main__":
    main()
