"""The formats of the wire: server-sent events, chunks, replies, errors, refusals."""
