"""HTTP out: the client, the presets of the providers, routing, and what was learned."""
