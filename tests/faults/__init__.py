"""The fault campaign: hosts and clients that do everything wrong, and what must hold meanwhile.

A real gateway process stands between clients and an upstream that are both made of raw sockets.
The upstream answers with one of some hundred kinds of fault; every answer carries a nonce, so that
an answer that reaches the wrong client shows. Which kind, which request and which schema come from
a seeded generator: the same seed gives the same campaign.

    documents.py     schemas, a good document of each, and an independent validator
    reply.py         what a healthy host says, as values and as bytes
    kinds/           the table of faults: from what was asked to the bytes that are sent, and when
    upstream.py      the upstream: raw sockets, one fault for each request
    oracle.py        the verdict on one answer
    http_client.py   one request on a socket, read strictly
    bad_clients.py   clients with faults: they leave, do not read, or send what is no request
    gateway.py       the gateway as a process that tells its tasks, descriptors and memory
    campaign.py      the generator, the run and its report
    load.py          the long runs beside a healthy client: `soak` and `hostile`
    hostile.py       hostile schemas and documents
    hostile_side.py  the client that asks for them and the host that writes them, as a process
    edge.py          odd HTTP, and how other servers read it

`python -m tests.faults --help` tells how to run it; docs/reliability.md has the figures.
"""
