"""Contract and capabilities become the exact request to the upstream."""
