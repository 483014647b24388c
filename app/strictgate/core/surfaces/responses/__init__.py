"""OpenAI's Responses API as a surface: to a chat completion, and back, events included."""
