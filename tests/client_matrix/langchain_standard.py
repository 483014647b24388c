"""LangChain's own standard suite for chat models, with ChatOpenAI pointed at a gateway.

Run by run.py in an environment that has langchain-openai and langchain-tests; prints a row for each
test. What would fetch pictures from the network is left out.
"""

import importlib.metadata
import json
import os
import sys

import pytest
from langchain_openai import ChatOpenAI
from langchain_tests.integration_tests import ChatModelIntegrationTests


class Standard(ChatModelIntegrationTests):
    by_responses = False

    @property
    def chat_model_class(self):
        return ChatOpenAI

    @property
    def chat_model_params(self):
        return {
            "model": os.environ["STRICTGATE_MODEL"],
            "base_url": f"{os.environ['STRICTGATE_URL']}/v1",
            "api_key": "k",
            "max_retries": 0,
            "use_responses_api": self.by_responses,
            "stream_usage": True,  # LangChain's own default for its own address alone
        }

    @property
    def supports_json_mode(self):
        return True

    @property
    def supports_image_inputs(self):
        return False

    @property
    def supports_image_tool_message(self):
        return False


class TestChat(Standard):
    pass


class TestResponses(Standard):
    by_responses = True


class Rows:
    """A plugin that prints what came of each test."""

    def pytest_runtest_logreport(self, report):
        if report.when != "call" and not report.failed:
            return
        face, _, case = report.nodeid.partition("::")[2].partition("::")
        row = {"client": "langchain-tests", "way": face.removeprefix("Test").lower(), "case": case}
        row["version"] = importlib.metadata.version("langchain-tests")
        if report.failed:
            text = str(report.longrepr)
            error = text.rstrip().rpartition(": ")[2]
            row |= {"raised": error[:100], "message": text[-3000:]}
        elif report.skipped:
            row |= {"skipped": report.longrepr[2]}
        print("\n" + json.dumps(row), flush=True)


if __name__ == "__main__":
    options = ["-q", "--noconftest", "-p", "no:cacheprovider", "-c", os.devnull]
    options += ["--asyncio-mode=auto", "-o", "asyncio_default_test_loop_scope=session"]
    raise SystemExit(pytest.main([__file__, *options, *sys.argv[1:]], plugins=[Rows()]) > 1)
