"""What a schema must be before anything is judged by it: the checks behind schema.admit."""
