"""The embedded demonstration upstream: the model name selects its behaviour."""
