"""The command line: what each command does, and the process that serves."""
