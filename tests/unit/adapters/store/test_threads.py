"""The threads of the embedded database: readers go on while the writer works."""

import asyncio
import threading

import pytest

from daznode.adapters.store.threads import SqliteThreads
from daznode.domain.errors import StoreUnavailable

INSERT = "INSERT INTO plain_file_names VALUES ('alice', 'node', 'day')"
COUNT = "SELECT count(*) FROM plain_file_names"


def counted(connection):
    return connection.execute(COUNT).fetchone()[0]


@pytest.fixture
def threads(tmp_path):
    made = SqliteThreads(tmp_path / "data" / "d.sqlite3")
    yield made
    made.close()


def test_a_reader_does_not_wait_for_a_writer_and_sees_what_was_committed(threads):
    goes_on, has_begun = threading.Event(), threading.Event()

    def slowly(connection):
        connection.execute(INSERT)
        has_begun.set()
        assert goes_on.wait(10)

    async def trip():
        assert await threads.read(counted) == 0
        writing = asyncio.ensure_future(threads.write(slowly))
        await asyncio.to_thread(has_begun.wait, 10)
        async with asyncio.timeout(5):
            assert await asyncio.gather(*(threads.read(counted) for _ in range(8))) == [0] * 8
        goes_on.set()
        await writing
        assert await threads.read(counted) == 1

    asyncio.run(trip())


def test_a_write_is_seen_by_the_next_read(threads):
    async def trip():
        for number in range(1, 40):
            await threads.write(
                lambda connection, number=number: connection.execute(
                    "INSERT INTO plain_file_names VALUES (?, '', '')", (str(number),)
                )
            )
            assert await threads.read(counted) == number

    asyncio.run(trip())


def test_a_reader_cannot_write(threads):
    async def trip():
        with pytest.raises(StoreUnavailable, match="read-only"):
            await threads.read(lambda connection: connection.execute(INSERT))

    asyncio.run(trip())


def test_what_is_raised_in_a_write_undoes_it(threads):
    def fail(connection):
        connection.execute(INSERT)
        raise ZeroDivisionError

    async def trip():
        with pytest.raises(ZeroDivisionError):
            await threads.write(fail)
        assert await threads.read(counted) == 0

    asyncio.run(trip())


def test_closing_ends_all_threads(tmp_path):
    threads = SqliteThreads(tmp_path / "d.sqlite3")
    asyncio.run(threads.read(counted))
    threads.close()
    threads.close()
    assert not [one for one in threading.enumerate() if one.name.startswith("store")]
