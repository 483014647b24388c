"""Where HTTP in meets HTTP out: requests become conversations, which are driven to their end."""
