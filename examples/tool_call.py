"""Let a model call a function with the openai SDK; the arguments are valid or an error comes.

`"strict": true` asks for it. The model of this example calls the first function that it is given,
writes the number of days as a string, and answers in text once it has the result.
"""

import json
import os
import sys
from typing import Any

from openai import OpenAI

URL = sys.argv[1] if sys.argv[1:] else os.getenv("OPENAI_BASE_URL", "http://127.0.0.1:8080/v1")
MODEL = "demo/calls+quoted-numbers"

FORECAST: Any = {
    "type": "function",
    "function": {
        "name": "forecast",
        "description": "Returns the weather of the next days in a city.",
        "strict": True,
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string"},
                "days": {"type": "integer", "minimum": 1, "maximum": 7},
                "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
            },
            "required": ["city", "days", "unit"],
            "additionalProperties": False,
        },
    },
}


def forecast(city: str, days: int, unit: str) -> str:
    return f"{city}: {days} days of sun, 21 degrees {unit}"


client = OpenAI(base_url=URL, api_key=os.getenv("OPENAI_API_KEY", "none"))
messages: list[Any] = [{"role": "user", "content": "What will the weather in Lisbon be?"}]
while True:
    completion = client.chat.completions.create(model=MODEL, messages=messages, tools=[FORECAST])
    message = completion.choices[0].message
    if not message.tool_calls:
        break
    messages.append(message.to_dict())
    for repair in (completion.model_extra or {})["x_strictgate"]["repairs"]:
        print("repair:", repair["step"], repair["path"])
    for call in message.tool_calls:
        assert call.type == "function"
        print(f"call: {call.function.name} {call.function.arguments}")
        result = forecast(**json.loads(call.function.arguments))
        print("result:", result)
        messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
print("answer:", message.content)
