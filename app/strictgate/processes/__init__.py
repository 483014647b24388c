"""Processes that serve together: who starts and ends them, what they tell each other."""
