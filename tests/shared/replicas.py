"""Replicas as they are run: processes that share one store, behind nginx, under load.

`make replicas` drives them for longer, and prints what came of it:

    python -m tests.shared.replicas [--seconds N] [--clients N]
"""

import argparse
import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.gates import MOOD
from tests.shared.engines import free_port, redis_server, wait_for_port

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
CONFIG = """
default_upstream = "demo"
[server]
drain_delay = 1.0
drain_timeout = 20.0
[upstreams.demo]
preset = "demo"
base_url = "{demo}/v1"
[keys.ci]
key = "key-number-1"
[keys.day]
key = "key-number-2"
tokens_per_day = {tokens}
[keys.minute]
key = "key-number-3"
requests_per_minute = {requests}
[shared]
url = "{store}"
prefix = "{prefix}"
[observe]
log = false
"""
BALANCER = """
worker_processes 1;
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log /dev/null;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  upstream replicas {{
    {servers}
    keepalive 64;
  }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://replicas;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_read_timeout 600s;
      # A replica that is gone, or on its way, has not begun to answer: another one does.
      proxy_next_upstream error timeout http_503 non_idempotent;
    }}
  }}
}}
"""
ENOUGH = 50  # refusals, after which a client that has a budget leaves


@dataclass
class Replicas:
    """Three of them, and what is in front."""

    urls: list[str]
    processes: list[subprocess.Popen[str]]
    balancer: str


@dataclass
class Came:
    """What came of a load."""

    statuses: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    tokens: int = 0
    cut: int = 0
    """Answers that had begun, and did not come to their end."""
    waits: list[float] = field(default_factory=list)


@contextmanager
def replicas(
    store: str, number: int = 3, tokens: int = 10**9, requests: int = 10**6
) -> Iterator[Replicas]:
    """Run them in front of a demonstration upstream."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        demo = _started(stack, "-m", "strictgate.demo", "--port", "0")
        upstream = str(_line(demo)).rsplit(" ", 1)[1].removesuffix("/v1")
        config = folder / "config.toml"
        about = {"demo": upstream, "store": store, "prefix": uuid.uuid4().hex}
        config.write_text(CONFIG.format(**about, tokens=tokens, requests=requests))
        serve = ("-m", "strictgate", "serve", "--port", "0", "--config", str(config))
        processes = [_started(stack, *serve) for _ in range(number)]
        urls = [_line(each).rsplit(" ", 1)[1] for each in processes]
        yield Replicas(urls, processes, _balanced(stack, folder, urls))


def _started(stack: ExitStack, *arguments: str) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    stack.callback(_ended, process)
    return process


def _ended(process: "subprocess.Popen[Any]") -> None:
    process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _line(process: "subprocess.Popen[str]") -> str:
    """Return the line that says where a process listens."""
    assert process.stdout is not None
    for line in process.stdout:
        if " on http" in line:
            return line.strip()
    raise AssertionError("the process has ended")


def _balanced(stack: ExitStack, folder: Path, urls: list[str]) -> str:
    """Start nginx in front of `urls`, if it is installed; return its own."""
    if NGINX is None:
        return ""
    port = free_port()
    servers = " ".join(
        f"server {url.removeprefix('http://')} max_fails=1 fail_timeout=2s;" for url in urls
    )
    file = folder / "nginx.conf"
    file.write_text(BALANCER.format(port=port, servers=servers, folder=folder))
    process = subprocess.Popen(
        [NGINX, "-c", str(file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    stack.callback(_ended, process)
    wait_for_port(port, process)
    return f"http://127.0.0.1:{port}"


def body(model: str = "clean", **more: Any) -> dict[str, Any]:
    """Return a request with a schema."""
    schema = {"type": "json_schema", "json_schema": {"name": "mood", "schema": MOOD}}
    asked = {"model": f"demo/{model}", "messages": [{"role": "user", "content": "hi"}]}
    return {**asked, "response_format": schema, **more}


async def drive(
    url: str, key: str, clients: int, until: "asyncio.Event", *, streams: bool = False
) -> Came:
    """Send requests from so many clients until the event; each waits for its answer."""
    came = Came()
    limits = httpx.Limits(max_connections=clients)
    headers = {"authorization": f"Bearer {key}"}
    async with (
        httpx.AsyncClient(base_url=url, headers=headers, limits=limits, timeout=60) as client,
        asyncio.TaskGroup() as tasks,
    ):

        async def one(is_stream: bool) -> None:
            while not until.is_set() and came.statuses[429] < ENOUGH:
                await _ask(client, came, is_stream=is_stream)

        for number in range(clients):
            tasks.create_task(one(streams and number % 2 == 1))
    return came


async def _ask(client: httpx.AsyncClient, came: Came, *, is_stream: bool) -> None:
    began = time.monotonic()
    try:
        answer = await client.post(
            "/v1/chat/completions", json=body(stream=True) if is_stream else body()
        )
    except httpx.HTTPError as error:
        if is_stream or "incomplete" in str(error) or "complete message body" in str(error):
            came.cut += 1
        else:
            came.wrong.append(repr(error))
        return
    came.waits.append(time.monotonic() - began)
    came.statuses[answer.status_code] += 1
    if answer.status_code == 200 and is_stream:
        if "data: [DONE]" not in answer.text:
            came.cut += 1
    elif answer.status_code == 200:
        told = answer.json()
        came.tokens += told["usage"]["total_tokens"]
        if json.loads(told["choices"][0]["message"]["content"])["choice"] not in ("angry", "calm"):
            came.wrong.append(answer.text)


async def lose_two(running: Replicas, seconds: float, clients: int) -> Came:
    """Drive the balancer; after a third of the time kill one, after two thirds drain one."""
    done = asyncio.Event()
    driving = asyncio.ensure_future(
        drive(running.balancer, "key-number-1", clients, done, streams=True)
    )
    await asyncio.sleep(seconds / 3)
    running.processes[0].kill()
    await asyncio.sleep(seconds / 3)
    running.processes[1].send_signal(signal.SIGTERM)
    await asyncio.sleep(seconds / 3)
    done.set()
    return await driving


async def spend(running: Replicas, key: str, seconds: float, clients: int) -> Came:
    """Drive all replicas, without the balancer, with a key that has a budget."""
    done = asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, done.set)
    driving = [asyncio.ensure_future(drive(url, key, clients, done)) for url in running.urls]
    total = Came()
    for each in await asyncio.gather(*driving):
        total.statuses += each.statuses
        total.tokens += each.tokens
        total.wrong += each.wrong
    return total


def learned_after(running: Replicas) -> list[float]:
    """Have the first replica find out a refusal; return after how many seconds each other knows."""
    headers = {"authorization": "Bearer key-number-1"}
    times: list[float] = []
    with httpx.Client(headers=headers, timeout=60) as client:
        path, asked = "/v1/chat/completions", body("no-json-schema")
        first = client.post(running.urls[0] + path, json=asked).json()
        assert first["x_strictgate"]["refused"], first
        began = time.monotonic()
        for url in running.urls[1:]:
            while "refused" in client.post(url + path, json=asked).json()["x_strictgate"]:
                if time.monotonic() - began > 20:  # it has found out itself by now, too
                    raise AssertionError("a replica was not told")
            times.append(time.monotonic() - began)
    return times


def main() -> None:
    """Print what came of it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=30.0)
    options.add_argument("--clients", type=int, default=16)
    told = options.parse_args()
    budget, minute = 40_000, 600
    with redis_server() as store, replicas(store.url, 3, budget, minute) as running:
        print("a refusal was known to the others after", learned_after(running), "s")
        came = asyncio.run(spend(running, "key-number-2", told.seconds, told.clients // 3))
        over = 100 * came.tokens / budget - 100
        print(f"tokens a day: {came.tokens} of {budget} ({over:+.2f} %)", dict(came.statuses))
        began = time.monotonic()
        came = asyncio.run(spend(running, "key-number-3", told.seconds, told.clients // 3))
        right = minute * (1 + (time.monotonic() - began) / 60)
        over = 100 * came.statuses[200] / right - 100
        print(f"requests: {came.statuses[200]} of {right:.0f} ({over:+.2f} %)", dict(came.statuses))
        if running.balancer:
            came = asyncio.run(lose_two(running, told.seconds, told.clients))
            print("one killed, one drained:", dict(came.statuses), "wrong:", came.wrong[:3])
            print("cut off:", came.cut)


if __name__ == "__main__":
    main()
