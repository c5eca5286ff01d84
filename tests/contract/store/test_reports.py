"""What every ReportStore promises."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from tests.builders import DAY, TODAY, a_node_id, a_report, a_summary

from daznode.domain.errors import InvalidParameter, ReportNotFound
from daznode.domain.report import GenerationStatus

EVER = (datetime(1, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


@pytest.fixture
def store(reports):
    return reports


def an_id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


def test_a_report_is_read_back_as_it_was_stored(store, run):
    async def trip():
        report = a_report()
        assert await store.put_report(report) == report
        assert await store.get_report(report.report_id) == report
        assert await store.reports("alice", a_node_id(1), TODAY, TODAY + DAY) == (report,)

    run(trip())


def test_a_report_of_the_same_user_node_and_day_is_replaced_and_keeps_its_id(store, run):
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

    run(trip())


def test_another_user_node_or_day_is_another_report(store, run):
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

    run(trip())


def test_reports_come_oldest_first_from_since_to_before_until(store, run):
    days = [TODAY + number * DAY for number in (2, 0, 3, 1)]

    async def trip():
        for number, day in enumerate(days):
            await store.put_report(a_report(report_id=an_id(number), report_date=day))

        async def days_of(since, until):
            found = await store.reports("alice", a_node_id(1), since, until)
            return [report.report_date for report in found]

        assert await days_of(*EVER) == sorted(days)
        assert await days_of(TODAY + DAY, TODAY + 3 * DAY) == [TODAY + DAY, TODAY + 2 * DAY]
        a_moment = timedelta(seconds=1)
        assert await days_of(TODAY + a_moment, TODAY + DAY + a_moment) == [TODAY + DAY]
        east = timezone(timedelta(hours=2))
        since, until = TODAY.astimezone(east), (TODAY + DAY).astimezone(east)
        assert await days_of(since, until) == [TODAY]
        assert await days_of(TODAY, TODAY) == []

    run(trip())


def test_a_batch_is_stored_in_the_order_given(store, run):
    batch = tuple(
        a_report(report_id=an_id(number), node_pubkey=a_node_id(number)) for number in range(1, 9)
    )

    async def trip():
        assert await store.put_reports(batch) == batch
        for report in batch:
            assert await store.get_report(report.report_id) == report
        assert await store.put_reports(()) == ()

    run(trip())


def test_the_last_of_a_batch_wins_for_the_same_user_node_and_day(store, run):
    first, second = a_report(report_id=an_id(1)), a_report(report_id=an_id(2), retry_count=2)

    async def trip():
        stored = await store.put_reports((first, second))
        assert stored == (first, replace(second, report_id=an_id(1)))
        assert await store.reports("alice", a_node_id(1), *EVER) == (stored[1],)

    run(trip())


def test_a_batch_with_a_fault_changes_nothing(store, run):
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

    run(trip())


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
def test_a_user_id_that_cannot_name_a_folder_is_refused(store, run, user_id):
    async def trip():
        with pytest.raises(InvalidParameter, match="expected 1 to 128 of the characters") as told:
            await store.put_report(a_report(user_id=user_id))
        assert "\n" not in str(told.value)

    run(trip())


@pytest.mark.parametrize("user_id", ["a", "alice@example.org", "-x", "_", "A+b-c_d.e", "7" * 128])
def test_a_user_id_of_allowed_characters_is_taken(store, run, user_id):
    async def trip():
        report = await store.put_report(a_report(user_id=user_id))
        assert await store.reports(user_id, a_node_id(1), *EVER) == (report,)

    run(trip())


@pytest.mark.parametrize(
    "date",
    [
        TODAY + timedelta(hours=1),
        TODAY.replace(tzinfo=None),
        TODAY.replace(tzinfo=timezone(timedelta(hours=1))),
    ],
)
def test_a_report_date_that_is_not_midnight_utc_is_refused(store, run, date):
    async def trip():
        with pytest.raises(InvalidParameter, match="expected midnight UTC"):
            await store.put_report(a_report(report_date=date))

    run(trip())


def test_an_unknown_report_is_not_found(store, run):
    async def trip():
        with pytest.raises(ReportNotFound, match="none is stored"):
            await store.get_report(an_id(1))
        assert await store.reports("alice", a_node_id(1), *EVER) == ()

    run(trip())


def test_purging_deletes_what_is_older_and_tells_how_many(store, run):
    async def trip():
        for number in range(4):
            await store.put_report(
                a_report(report_id=an_id(number), report_date=TODAY + number * DAY)
            )
        assert await store.purge(TODAY + 2 * DAY) == 2
        assert await store.purge(TODAY + 2 * DAY) == 0
        left = await store.reports("alice", a_node_id(1), *EVER)
        assert [report.report_id for report in left] == [an_id(2), an_id(3)]

    run(trip())


def test_many_tasks_at_once_for_the_same_day_agree_on_one_id(store, run):
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

    run(trip())


def test_the_latest_report_is_the_completed_one_of_the_newest_day(store, run):
    async def trip():
        assert await store.latest_report("alice") is None
        keys = sorted((a_node_id(1), a_node_id(2)))
        given = (
            a_report(report_id=an_id(1), report_date=TODAY),
            a_report(report_id=an_id(2), report_date=TODAY + DAY, node_pubkey=keys[1]),
            a_report(report_id=an_id(3), report_date=TODAY + DAY, node_pubkey=keys[0]),
            a_report(
                report_id=an_id(4),
                report_date=TODAY + 2 * DAY,
                generation_status=GenerationStatus.FAILED,
            ),
            a_report(report_id=an_id(5), report_date=TODAY + 3 * DAY, user_id="bob"),
        )
        await store.put_reports(given)
        assert await store.latest_report("alice") == given[2]
        assert await store.latest_report("carol") is None

    run(trip())


def test_pages_come_newest_first_with_how_many_there_are(store, run):
    async def trip():
        keys = sorted((a_node_id(1), a_node_id(2)))
        for number in range(5):
            for place, key in enumerate(keys):
                await store.put_report(
                    a_report(
                        report_id=an_id(10 * number + place),
                        report_date=TODAY + number * DAY,
                        node_pubkey=key,
                    )
                )
        await store.put_report(a_report(report_id=an_id(99), user_id="bob"))

        async def page(number, limit, since=TODAY):
            found, total = await store.report_page("alice", since, page=number, limit=limit)
            return [int(one.report_id[-2:]) for one in found], total

        assert await page(1, 3) == ([40, 41, 30], 10)
        assert await page(2, 3) == ([31, 20, 21], 10)
        assert await page(4, 3) == ([1], 10)
        assert await page(5, 3) == ([], 10)
        assert await page(1, 100, TODAY + 3 * DAY) == ([40, 41, 30, 31], 4)
        assert await store.report_page("carol", TODAY, page=1, limit=5) == ((), 0)

    run(trip())


def test_completed_reports_are_counted_of_one_user_and_of_all(store, run):
    async def trip():
        assert await store.count_reports() == 0
        assert await store.count_reports("alice") == 0
        await store.put_reports(
            (
                a_report(report_id=an_id(1)),
                a_report(report_id=an_id(2), report_date=TODAY + DAY),
                a_report(report_id=an_id(3), user_id="bob"),
                a_report(
                    report_id=an_id(4),
                    user_id="carol",
                    generation_status=GenerationStatus.FAILED,
                ),
            )
        )
        assert await store.count_reports() == 3
        assert await store.count_reports("alice") == 2
        assert await store.count_reports("carol") == 0
        await store.put_report(a_report(user_id="carol"))
        await store.put_report(a_report(user_id="bob", generation_status=GenerationStatus.FAILED))
        assert await store.count_reports() == 3
        await store.purge(TODAY + DAY)
        assert await store.count_reports() == 1

    run(trip())
