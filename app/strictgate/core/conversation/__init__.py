"""One request's exchange with the model: ask, judge, go on, ask again."""
