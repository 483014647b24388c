"""HTTP in: read the request, call the gateway, render the answer. Thin."""
