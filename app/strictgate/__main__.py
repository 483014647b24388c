"""`python -m strictgate`: the command line."""

import sys

from strictgate.commands.main import main

sys.exit(main())
