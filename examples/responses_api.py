"""Ask in the Responses API with the openai SDK; the upstream needs to know chat completions alone.

The model of this example knows no response format and no tools, and thinks aloud before it writes
its document.
"""

import os
import sys

from openai import OpenAI
from pydantic import BaseModel

URL = sys.argv[1] if sys.argv[1:] else os.getenv("OPENAI_BASE_URL", "http://127.0.0.1:8080/v1")
MODEL = "demo/text-only+thinks"


class Event(BaseModel):
    name: str
    place: str
    participants: list[str]


client = OpenAI(base_url=URL, api_key=os.getenv("OPENAI_API_KEY", "none"))
response = client.responses.parse(
    model=MODEL,
    instructions="Extract the event.",
    input="Alice and Bob go to a science fair in Turin on Friday.",
    text_format=Event,
)
event = response.output_parsed
assert event is not None  # it is None where the model refuses
print("status:", response.status)
print(f"event: {event.name!r} in {event.place!r} with {len(event.participants)} participants")
print("mode:", (response.model_extra or {})["x_strictgate"]["mode"])
