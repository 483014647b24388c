"""OpenAI's chat completions as a surface: the conversation's own terms, and so hardly changed."""
