"""JSON as text: read strictly, whole or byte by byte, and where its parts stand."""
