"""Pure values and functions: no I/O, no clock, no randomness, no logging, no framework.

The rooms, top down; as everywhere, imports point downwards only:

    conversation/   One request's exchange with the model: ask, judge, go on, ask again. A generator
                    that says what it wants (protocol.py) and is sent what came of it.
    guard/          A document that is being written: how much of it is good, what may come next,
                    what may go to the caller, and its repairs.
    surfaces/       The APIs that clients speak, each a package behind one interface (surface.py).
    plan/           Contract and capabilities become the exact request to the upstream.
    probe/          What a model really does: questions to it, and what its answers show.
    resilience/     What an upstream in trouble is spared: the circuit breaker, the retry budget.
    request/        What the caller asked for: contract, tools, options.
    output/         Where the document stands in a model's answer, and whom its bytes are from.
    grammar/        A schema as a grammar: what may come next, byte by byte.
    schema/         What a schema must be before anything is judged by it, and the verdict.
    wire/           The formats of the wire: server-sent events, chunks, replies, errors, refusals.
    jsontext/       JSON as text: read strictly, whole or as it grows.

and all may know: errors, capabilities, repair_steps, work, lru_cache, value_type, late_pattern.

A request's way through them: surfaces → request → schema → plan → conversation, which reads each
reply through wire → output → guard, and ends in an outcome, which surfaces write.
"""
