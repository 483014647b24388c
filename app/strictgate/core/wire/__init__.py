"""Stages of a stream: each takes pieces with `feed`, and gives what is left with `flush`."""
