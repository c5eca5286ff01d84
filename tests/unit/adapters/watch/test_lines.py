"""Lines that a thread writes."""

import os
import threading
import time

import pytest

from daznode.adapters.watch.lines import LineWriter


class Sink:
    def __init__(self) -> None:
        self.written, self.n_writes = b"", 0

    def write(self, data):
        self.written += data
        self.n_writes += 1

    def flush(self):
        pass


def notice(dropped):
    return b"%d dropped\n" % dropped


def test_lines_are_written_in_order_and_many_at_once():
    sink = Sink()
    writer = LineWriter(sink, notice)
    for number in range(1_000):
        writer.write(b"%d\n" % number)
    writer.close()
    assert sink.written == b"".join(b"%d\n" % number for number in range(1_000))
    assert sink.n_writes < 50


def test_a_line_is_written_soon_without_being_asked():
    sink = Sink()
    writer = LineWriter(sink, notice)
    writer.write(b"now\n")
    ends_at = time.monotonic() + 5
    while sink.written != b"now\n":
        assert time.monotonic() < ends_at
        time.sleep(0.005)
    writer.close()


def test_lines_of_many_threads_are_whole():
    sink = Sink()
    writer = LineWriter(sink, notice)

    def work(name):
        for _ in range(200):
            writer.write(b"%d-%d\n" % (name, name))

    threads = [threading.Thread(target=work, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.close()
    assert sorted(set(sink.written.splitlines())) == [b"%d-%d" % (n, n) for n in range(8)]
    assert len(sink.written.splitlines()) == 1_600


def test_a_writer_without_lines_starts_no_thread_and_closes():
    before = threading.active_count()
    writer = LineWriter(Sink(), notice)
    assert threading.active_count() == before
    writer.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no processes can be forked here")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_process_writes_its_own_lines(tmp_path):
    with (tmp_path / "log").open("ab", buffering=0) as file:
        writer = LineWriter(file, notice)
        writer.write(b"parent\n")
        child = os.fork()
        if child == 0:
            writer.write(b"child\n")
            writer.close()
            os._exit(0)
        os.waitpid(child, 0)
        writer.close()
    assert sorted((tmp_path / "log").read_bytes().splitlines()) == [b"child", b"parent"]
