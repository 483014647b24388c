"""Strictgate: `strict: true` for every model.

The house, from the inside out; imports go inwards only (tests/test_architecture.py):

    core/       PURE. The words of the project, as values and functions: a contract is read from a
                request, a plan made of it, a reply judged, a conversation held. No I/O, no clock.
    settings    One frozen tree of configuration: a TOML file, then STRICTGATE_* variables.
    observe/    What happened, as frozen events; a log is one way to look at them.
    upstream/   HTTP OUT. The client, the presets of the providers, routing, what was learned.
    compiling   Grammars made of schemas, in threads of their own, and kept.
    store       The responses that are kept, in SQLite, off unless configured.
    driver      One conversation's way through the network: the only place where they meet.
    intake      Requests read into conversations: contract, schemas, route, what is known.
    gateway     Conversations driven, learned from and reported; what is passed through.
    api/        HTTP IN. Thin: read, call the gateway, render; the door, which renders every error.
    main        create_app(settings, …) puts the parts together.
    server      The process: sockets, limits below HTTP, draining.
    cli         serve, check, plan.
    demo/       The embedded demonstration upstream, which is also the tests' fake.

The promise that all of it serves: a 200 for a request that carries a schema contains a document
that is valid against it, written by the model; otherwise a typed error. Nothing is invented,
nothing is lost.
"""

__version__ = "0.1.0"
