"""Nobody waits for whoever reads the log."""

import json
import os
import threading

import pytest

from strictgate.observe.log_queue import LogQueue


class Pipe:
    """A pipe as a file."""

    def __init__(self):
        self.reader, self.writer = os.pipe()

    def fileno(self):
        return self.writer

    def text(self):
        """All that has been written, once nobody writes any more."""
        os.close(self.writer)
        with open(self.reader, encoding="utf-8") as file:
            return file.read()


def dropped(lines):
    return f"{lines} dropped\n"


def test_lines_come_in_order():
    """Closing waits for what is queued."""
    pipe = Pipe()
    log = LogQueue(pipe, dropped)
    for number in range(500):
        log.write(f"{number}\n")
    log.close(30)

    assert pipe.text().splitlines() == [str(number) for number in range(500)]


def test_a_line_after_a_pause():
    """The thread that found nothing to write is woken by it."""
    pipe = Pipe()
    log = LogQueue(pipe, dropped)
    for line in (b"1\n", b"2\n"):
        log.write(line.decode())
        assert os.read(pipe.reader, 100) == line
        while not log._is_idle:
            threading.Event().wait(0.01)
    log.close(30)


@pytest.mark.parametrize("blocks", [True, False])
def test_nobody_reads(blocks):
    """A full pipe holds up no writer; what is lost is counted to the line, and told."""
    pipe = Pipe()
    os.set_blocking(pipe.writer, blocks)
    log = LogQueue(pipe, dropped, capacity=200_000)
    line = "x" * 99 + "\n"
    for _ in range(10_000):  # five times what the queue holds; the pipe holds 64 KiB
        log.write(line)
    read = []

    def read_all():
        with open(pipe.reader, encoding="utf-8") as file:
            read.append(file.read())

    reader = threading.Thread(target=read_all)
    reader.start()
    log.close(30)
    os.close(pipe.writer)
    reader.join()

    lines = read[0].splitlines()
    told = sum(int(each.split()[0]) for each in lines if each.endswith("dropped"))
    assert told > 0
    assert told + lines.count(line.strip()) == 10_000


def test_nobody_can_read_any_more():
    """A pipe whose reader is gone stops nothing."""
    pipe = Pipe()
    os.close(pipe.reader)
    log = LogQueue(pipe, dropped)
    log.write("x\n")
    log.close(30)
    os.close(pipe.writer)


def test_nothing_was_written():
    """Then there is no thread, and closing waits for none."""
    LogQueue(Pipe(), dropped).close()


def test_what_cannot_be_encoded():
    """Lone surrogates are escaped."""
    pipe = Pipe()
    log = LogQueue(pipe, dropped)
    log.write(json.dumps("\ud800", ensure_ascii=False))
    log.close(30)

    assert pipe.text() == '"\\ud800"'


def test_lines_in_turn():
    """Processes that write to one file wait for each other, not for their own lines."""
    pipe, turns = Pipe(), []

    class Turn:
        def __enter__(self):
            turns.append("mine")

        def __exit__(self, *_):
            turns.append("yours")

    log = LogQueue(pipe, dropped, turn=Turn())
    log.write("x\n")
    log.close(30)

    assert pipe.text() == "x\n"
    assert turns == ["mine", "yours"]


def test_lines_that_come_together_are_counted_one_by_one():
    """Where there is no room for them."""
    pipe = Pipe()
    log = LogQueue(pipe, dropped, capacity=5)
    for lines in ("1\n2\n", "3\n4\n5\n"):
        log.write(lines)
    log.close(30)

    assert pipe.text() == "1\n2\n3 dropped\n"
