"""The kinds of faults, a table for each place where a host can go wrong."""
