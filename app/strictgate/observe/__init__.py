"""What happened, as frozen events, and the ways to look at them."""
