"""Passwords: hashed with a salt, verified, bounded, and as slow for nobody as for somebody."""

import asyncio
import statistics
import threading
import time
from contextlib import closing

from daznode.adapters.identity.passwords import Argon2Passwords

SENTENCE = "a long-enough sentence"


def quick(**changes):
    return closing(
        Argon2Passwords(**{"memory_kib": 64, "time_cost": 1, "parallelism": 1} | changes)
    )


def test_a_hash_is_argon2id_with_the_recommended_parameters_and_fits_its_password():
    async def trip():
        hashed = await passwords.hash(SENTENCE)
        assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
        assert await passwords.verify(SENTENCE, hashed)
        assert not await passwords.verify(SENTENCE + " ", hashed)

    with closing(Argon2Passwords()) as passwords:
        asyncio.run(trip())


def test_equal_passwords_have_different_hashes():
    async def trip():
        assert await passwords.hash(SENTENCE) != await passwords.hash(SENTENCE)

    with quick() as passwords:
        asyncio.run(trip())


def test_nobody_has_no_password():
    async def trip():
        for word in ("", SENTENCE, "\ud800", "x" * 100_000):
            assert not await passwords.verify(word, None)

    with quick() as passwords:
        asyncio.run(trip())


def test_a_hash_that_is_none_fits_nothing():
    async def trip():
        for hashed in ("", "plain", "$argon2id$", "$2b$12$" + "a" * 53):
            assert not await passwords.verify("plain", hashed)

    with quick() as passwords:
        asyncio.run(trip())


def test_accents_are_the_same_however_they_are_typed():
    async def trip():
        assert await passwords.verify("e\u0301clair", await passwords.hash("\u00e9clair"))

    with quick() as passwords:
        asyncio.run(trip())


def test_only_the_start_of_a_long_password_is_not_enough():
    async def trip():
        hashed = await passwords.hash("x" * 1_024)
        assert await passwords.verify("x" * 1_024, hashed)
        assert not await passwords.verify("x" * 1_025, hashed)

    with quick() as passwords:
        asyncio.run(trip())


def test_somebody_and_nobody_take_as_long():
    async def seconds(hashed):
        start = time.perf_counter()
        await passwords.verify("wrong", hashed)
        return time.perf_counter() - start

    async def trip():
        hashed = await passwords.hash(SENTENCE)
        pairs = [(await seconds(hashed), await seconds(None)) for _ in range(9)]
        known = statistics.median(pair[0] for pair in pairs)
        unknown = statistics.median(pair[1] for pair in pairs)
        assert 0.5 < known / unknown < 2.0, (known, unknown)

    with quick(memory_kib=8_192, time_cost=2) as passwords:
        asyncio.run(trip())


def test_no_more_than_allowed_are_hashed_at_once_and_the_loop_stays_free():
    seen = 0

    async def trip():
        nonlocal seen
        waiting = [asyncio.create_task(passwords.hash(f"{at}")) for at in range(12)]
        while not all(task.done() for task in waiting):
            busy = sum("passwords" in thread.name for thread in threading.enumerate())
            seen = max(seen, busy)
            await asyncio.sleep(0.001)

    with quick(memory_kib=8_192, at_once=2) as passwords:
        asyncio.run(trip())
    assert seen == 2
