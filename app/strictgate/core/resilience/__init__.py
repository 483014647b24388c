"""What an upstream in trouble is spared: requests that would fail, and repetitions."""
