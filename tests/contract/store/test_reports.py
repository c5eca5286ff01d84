"""What every ReportStore promises."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from tests.builders import DAY, TODAY, a_node_id, a_report, a_summary
from tests.fakes.store import FakeReportStore

from daznode.adapters.store.sqlite import SqliteStore
from daznode.domain.errors import InvalidParameter, ReportNotFound
from daznode.domain.report import GenerationStatus

EVER = (datetime(1, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


@pytest.fixture(params=["sqlite", "fake"])
def store(request, tmp_path):
    if request.param == "fake":
        yield FakeReportStore()
        return
    made = SqliteStore(tmp_path / "data", tmp_path / "assets")
    yield made
    made.close()


def an_id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


def test_a_report_is_read_back_as_it_was_stored(store):
    async def trip():
        report = a_report()
        assert await store.put_report(report) == report
        assert await store.get_report(report.report_id) == report
        assert await store.reports("alice", a_node_id(1), TODAY, TODAY + DAY) == (report,)

    asyncio.run(trip())


def test_a_report_of_the_same_user_node_and_day_is_replaced_and_keeps_its_id(store):
    async def trip():
        await store.put_report(a_report(report_id=an_id(1)))
        again = a_report(
            report_id=an_id(2),
            retry_count=1,
            tenant_id="tenant-2",
            generation_status=GenerationStatus.FAILED,
            error_message="no network",
        )
        stored = await store.put_report(again)
        assert stored == replace(again, report_id=an_id(1))
        assert await store.get_report(an_id(1)) == stored
        assert await store.reports("alice", a_node_id(1), *EVER) == (stored,)
        with pytest.raises(ReportNotFound):
            await store.get_report(an_id(2))

    asyncio.run(trip())


def test_another_user_node_or_day_is_another_report(store):
    reports = (
        a_report(report_id=an_id(1)),
        a_report(report_id=an_id(2), user_id="bob"),
        a_report(report_id=an_id(3), node_pubkey=a_node_id(2)),
        a_report(report_id=an_id(4), report_date=TODAY + DAY),
    )

    async def trip():
        for report in reports:
            assert await store.put_report(report) == report
        for report in reports:
            assert await store.get_report(report.report_id) == report
        assert await store.reports("alice", a_node_id(1), *EVER) == (reports[0], reports[3])
        assert await store.reports("bob", a_node_id(1), *EVER) == (reports[1],)
        assert await store.reports("alice", a_node_id(2), *EVER) == (reports[2],)

    asyncio.run(trip())


def test_reports_come_oldest_first_from_since_to_before_until(store):
    days = [TODAY + number * DAY for number in (2, 0, 3, 1)]

    async def trip():
        for number, day in enumerate(days):
            await store.put_report(a_report(report_id=an_id(number), report_date=day))

        async def days_of(since, until):
            found = await store.reports("alice", a_node_id(1), since, until)
            return [report.report_date for report in found]

        assert await days_of(*EVER) == sorted(days)
        assert await days_of(TODAY + DAY, TODAY + 3 * DAY) == [TODAY + DAY, TODAY + 2 * DAY]
        a_moment = timedelta(microseconds=1)
        assert await days_of(TODAY + a_moment, TODAY + DAY + a_moment) == [TODAY + DAY]
        east = timezone(timedelta(hours=2))
        since, until = TODAY.astimezone(east), (TODAY + DAY).astimezone(east)
        assert await days_of(since, until) == [TODAY]
        assert await days_of(TODAY, TODAY) == []

    asyncio.run(trip())


def test_a_batch_is_stored_in_the_order_given(store):
    batch = tuple(
        a_report(report_id=an_id(number), node_pubkey=a_node_id(number)) for number in range(1, 9)
    )

    async def trip():
        assert await store.put_reports(batch) == batch
        for report in batch:
            assert await store.get_report(report.report_id) == report
        assert await store.put_reports(()) == ()

    asyncio.run(trip())


def test_the_last_of_a_batch_wins_for_the_same_user_node_and_day(store):
    first, second = a_report(report_id=an_id(1)), a_report(report_id=an_id(2), retry_count=2)

    async def trip():
        stored = await store.put_reports((first, second))
        assert stored == (first, replace(second, report_id=an_id(1)))
        assert await store.reports("alice", a_node_id(1), *EVER) == (stored[1],)

    asyncio.run(trip())


def test_a_batch_with_a_fault_changes_nothing(store):
    async def trip():
        before = await store.put_report(a_report(report_id=an_id(1)))
        batch = (
            a_report(report_id=an_id(1), retry_count=5),
            a_report(report_id=an_id(2), user_id="bob"),
            a_report(report_id=an_id(2), user_id="carol"),
        )
        with pytest.raises(InvalidParameter, match=an_id(2)):
            await store.put_reports(batch)
        assert await store.get_report(an_id(1)) == before
        assert await store.reports("bob", a_node_id(1), *EVER) == ()

    asyncio.run(trip())


@pytest.mark.parametrize(
    "user_id",
    [
        "",
        ".",
        "..",
        "../bob",
        "/etc",
        "a/b",
        "a\\b",
        ".hidden",
        "dot.",
        "new\nline",
        "nul\0byte",
        "sp ace",
        "é",
        "NUL",
        "com1.txt",
        "a" * 129,
    ],
)
def test_a_user_id_that_cannot_name_a_folder_is_refused(store, user_id):
    async def trip():
        with pytest.raises(InvalidParameter, match="expected 1 to 128 of the characters") as told:
            await store.put_report(a_report(user_id=user_id))
        assert "\n" not in str(told.value)

    asyncio.run(trip())


@pytest.mark.parametrize("user_id", ["a", "alice@example.org", "-x", "_", "A+b-c_d.e", "7" * 128])
def test_a_user_id_of_allowed_characters_is_taken(store, user_id):
    async def trip():
        report = await store.put_report(a_report(user_id=user_id))
        assert await store.reports(user_id, a_node_id(1), *EVER) == (report,)

    asyncio.run(trip())


@pytest.mark.parametrize(
    "date",
    [
        TODAY + timedelta(hours=1),
        TODAY.replace(tzinfo=None),
        TODAY.replace(tzinfo=timezone(timedelta(hours=1))),
    ],
)
def test_a_report_date_that_is_not_midnight_utc_is_refused(store, date):
    async def trip():
        with pytest.raises(InvalidParameter, match="expected midnight UTC"):
            await store.put_report(a_report(report_date=date))

    asyncio.run(trip())


def test_an_unknown_report_is_not_found(store):
    async def trip():
        with pytest.raises(ReportNotFound, match="none is stored"):
            await store.get_report(an_id(1))
        assert await store.reports("alice", a_node_id(1), *EVER) == ()

    asyncio.run(trip())


def test_purging_deletes_what_is_older_and_tells_how_many(store):
    async def trip():
        for number in range(4):
            await store.put_report(
                a_report(report_id=an_id(number), report_date=TODAY + number * DAY)
            )
        assert await store.purge(TODAY + 2 * DAY) == 2
        assert await store.purge(TODAY + 2 * DAY) == 0
        left = await store.reports("alice", a_node_id(1), *EVER)
        assert [report.report_id for report in left] == [an_id(2), an_id(3)]

    asyncio.run(trip())


def test_many_tasks_at_once_for_the_same_day_agree_on_one_id(store):
    async def trip():
        stored = await asyncio.gather(
            *(
                store.put_report(
                    a_report(report_id=an_id(number), summary=a_summary(narrative=f"run {number}"))
                )
                for number in range(10)
            )
        )
        (kept,) = await store.reports("alice", a_node_id(1), *EVER)
        assert {report.report_id for report in stored} == {kept.report_id}
        assert kept in stored

    asyncio.run(trip())
