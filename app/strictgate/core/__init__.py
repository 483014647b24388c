"""Pure values and functions: no I/O, no clock, no randomness, no logging, no framework.

The words of the project, in the order of a request's path, each a module of its name:

    contract      what the caller asked for; enforcement: how hard to try
    schema        an admitted JSON Schema; strict: OpenAI's rules; problems: what a value breaks
    capabilities  what a model can do
    plan          contract + capabilities → the body to send; prompt, wrapping: parts of it
    conversation  ask, judge, go on, ask again; turns: what it says to its driver; record: what
                  happened
    reply         what came back; refusal: whether an error refuses the format
    hearing       a reply, as far as it is worth it; listening: to its choices while they stream
    weighing      a choice → settled or rejected, with what is good of it; pursuit: over all replies
    resuming      going on from what is good; guarding: what that takes
    judge         a text → a verdict; settling: a choice → what the caller gets
    errors        what is answered instead

and behind them, in rooms of their own, the machinery: admission (of schemas), extraction (of the
document from an answer), repair (of the document), stream (its stages), guard (of a document that
is being written), grammar (of a schema).
"""
