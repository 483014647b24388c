"""The server command."""

import json
import subprocess
import sys
from contextlib import closing
from http.client import HTTPConnection


def test_command_serves_on_a_free_port():
    """`--port 0` picks a port, says where it listens, and keeps no records."""
    command = [sys.executable, "-m", "strictgate.demo", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            said = server.stdout.readline()
            assert said.startswith("Demonstration upstream on http://127.0.0.1:")
            address = said.strip().removesuffix("/v1").rpartition("/")[2]
            with closing(HTTPConnection(address, timeout=30)) as client:
                client.request("GET", "/v1/models")
                assert json.load(client.getresponse())["data"]
                client.request("GET", "/_requests")
                assert client.getresponse().status == 404
        finally:
            server.terminate()
