"""What a model on a host can do, by asking it: the questions, and what its answers show."""
