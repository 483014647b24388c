"""A schema as a grammar: what may come next, byte by byte, with properties in any order."""
