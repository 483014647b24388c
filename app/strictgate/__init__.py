"""Strictgate: `strict: true` for every model.

The house, top down. A room imports from itself and from those below it, never from those above
(tests/test_architecture.py); CONTRIBUTING.md says where a change goes.

    commands/     The command line (serve, check, plan, probe, …), and the process that serves.
    processes/    Several processes that serve together: started, told, ended, asked.
    asgi          The application for an ASGI server of one's own.
    api/          HTTP IN. Thin: reads a request, calls the gateway, renders the answer.
    shared/       What replicas share, through a store that exists already: Redis, PostgreSQL.
    inspector/    What was said in each request, kept for a while and shown on a page at /inspector.
    gateway/      Where HTTP in meets HTTP out: requests become conversations, which are driven to
                  their end, heavy steps in worker processes; what they teach is
                  remembered, and responses are kept.
    upstream/     HTTP OUT. The client, the presets of the providers, routing, what was learned.
    demo/         The demonstration upstream, which is also the tests' fake. It knows nothing of
                  the rooms above and next to nothing of those below.
    core/         PURE: values in, values out. Its own rooms are in core/__init__.py; those above
                  its room `resilience` stand above the next two, all others below.
    settings      One frozen tree of configuration: a TOML file, then STRICTGATE_* variables.
    observe/      What happened, as frozen events; a log is one way to look at them.

The promise that all of it serves: a 200 for a request that carries a schema contains a document
that is valid against it, written by the model; otherwise a typed error. Nothing is invented,
nothing is lost.
"""

__version__ = "0.1.0"
