"""The guard: checks a document while it is being written, and says how much of it is good."""
