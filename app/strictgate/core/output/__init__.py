"""Where the document is in a model's answer."""
