"""uvicorn without its command line."""

import subprocess
import sys

CODE = """
import sys
from strictgate.commands.uvicorn_server import Config, Server
assert "click" not in sys.modules and "uvicorn.main" not in sys.modules
import uvicorn
assert (uvicorn.Config, uvicorn.Server) == (Config, Server)
try:
    uvicorn.main(["--version"])
finally:
    assert "click" in sys.modules
"""


def test_its_command_line_is_loaded_when_it_is_called():
    """For others in the process, uvicorn is what it was."""
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert "Running uvicorn" in done.stdout


def test_one_that_is_there_stays():
    """Where uvicorn was imported before, nothing is changed."""
    code = (
        "import uvicorn\n"
        "before = (uvicorn.main, uvicorn.run, uvicorn.Server)\n"
        "from strictgate.commands.uvicorn_server import Server\n"
        "assert (uvicorn.main, uvicorn.run, uvicorn.Server) == before\n"
        "assert Server is uvicorn.Server\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
