"""The embedded demonstration upstream, whose model names select its behaviour."""
