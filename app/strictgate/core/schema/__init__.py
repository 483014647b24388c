"""What a schema must be before anything is judged by it, and the verdict on a document."""
