"""What the caller asked for, read from the body of a request."""
