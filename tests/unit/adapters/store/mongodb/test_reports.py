"""Reports on a server and their files: they say the same, also after a writer that died half-way."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import count
from uuid import uuid4

import pytest
from tests.builders import DAY, TODAY, a_node_id, a_report

from daznode.adapters.store.codec import encode_report
from daznode.adapters.store.mongodb.store import MongoStore
from daznode.adapters.store.report_files import ReportWriting
from daznode.domain.errors import InvalidParameter, StoreUnavailable
from daznode.domain.report import GenerationStatus

IDS = (f"00000000-0000-4000-8000-{number:012}" for number in count(1))


class House:
    """A database on a server and a folder of files."""

    def __init__(self, uri, folder):
        self.uri, self.folder, self.name = uri, folder, f"reports_{uuid4().hex[:12]}"

    def trip(self, work):
        """Run something as a program that starts would."""

        async def whole():
            store = MongoStore(self.uri, self.name, self.folder / "assets", patience_seconds=1)
            try:
                await store.reports.finish_interrupted()
                return await work(store)
            finally:
                await store.close()

        return asyncio.run(whole())

    def files(self) -> dict[str, bytes]:
        root = self.folder / "assets/reports/daily"
        return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*.json")}


@pytest.fixture
def house(mongodb_of_session, tmp_path):
    return House(mongodb_of_session.uri, tmp_path)


def test_the_file_says_what_the_document_says(house):
    precise = a_report(generation_timestamp=TODAY + timedelta(microseconds=123_456))

    async def work(store):
        stored = await store.reports.put_report(precise)
        assert stored == replace(
            precise, generation_timestamp=TODAY + timedelta(microseconds=123_000)
        )
        assert await store.reports.get_report(stored.report_id) == stored
        (document,) = await store.link.collection("daily_reports").find({}).to_list()
        assert "file_due" not in document
        assert document["report_date"] == TODAY
        assert document["summary"]["overall_score"] == stored.summary.overall_score
        return stored

    stored = house.trip(work)
    assert house.files() == {"alice/20251120.json": encode_report(stored)}


def test_file_names_are_those_of_the_embedded_database(house):
    first, second = a_node_id(1), a_node_id(2)

    async def work(store):
        for days, nodes in ((0, (first, second)), (1, (second, first)), (9, (second, first))):
            for node in nodes:
                await store.reports.put_report(
                    a_report(report_id=next(IDS), node_pubkey=node, report_date=TODAY + days * DAY)
                )

    house.trip(work)
    assert set(house.files()) == {
        "alice/20251120.json",
        f"alice/20251120-{second[:8]}.json",
        "alice/20251121.json",
        f"alice/20251121-{second[:8]}.json",
        "alice/20251129.json",
        f"alice/20251129-{first[:8]}.json",
    }


class Killed(BaseException):
    """Stands for the moment at which the process died."""


def die(*_):
    raise Killed


@pytest.mark.parametrize(
    ("step", "is_new"), [("stage", False), ("sync_staged", False), ("publish", True)]
)
def test_a_writer_that_dies_leaves_the_old_or_the_new_in_both(house, monkeypatch, step, is_new):
    old = a_report()
    new = a_report(retry_count=1)
    house.trip(lambda store: store.reports.put_report(old))

    async def dying(store):
        with pytest.raises(Killed):
            await store.reports.put_report(new)

    with monkeypatch.context() as patch:
        patch.setattr(ReportWriting, step, die)
        house.trip(dying)
    found = house.trip(lambda store: store.reports.get_report(old.report_id))
    assert found == (new if is_new else old)
    assert house.files() == {"alice/20251120.json": encode_report(found)}
    assert house.trip(lambda store: store.reports.count_due()) == 0


def test_files_due_in_another_folder_are_left_to_its_own_machine(house, tmp_path, monkeypatch):
    async def dying(store):
        with pytest.raises(Killed):
            await store.reports.put_report(a_report())

    with monkeypatch.context() as patch:
        patch.setattr(ReportWriting, "publish", die)
        house.trip(dying)
    other = House(house.uri, tmp_path / "other machine")
    other.name = house.name
    other.trip(lambda store: store.reports.put_report(a_report(report_id=next(IDS), user_id="bob")))
    assert set(other.files()) == {"bob/20251120.json"}
    house.trip(lambda store: store.reports.count_reports())
    assert set(house.files()) == {"alice/20251120.json"}


def test_a_folder_that_cannot_be_written_leaves_database_and_file_as_they_were(house):
    old = a_report()
    house.trip(lambda store: store.reports.put_report(old))
    (house.folder / "assets/reports/daily/bob").write_text("in the way")
    batch = (a_report(retry_count=1), a_report(report_id=next(IDS), user_id="bob"))

    async def work(store):
        with pytest.raises(StoreUnavailable, match="expected a folder there"):
            await store.reports.put_reports(batch)
        return await store.reports.get_report(old.report_id)

    assert house.trip(work) == old
    assert house.files() == {"alice/20251120.json": encode_report(old)}


def test_a_write_that_has_begun_ends_though_its_task_is_cancelled(house):
    async def work(store):
        writing = asyncio.ensure_future(store.reports.put_report(a_report(n_channels=200)))
        await asyncio.sleep(0.01)
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
        # The next writer waits for the one that was cancelled.
        with pytest.raises(InvalidParameter, match="names another report"):
            await store.reports.put_report(a_report(user_id="bob"))
        return await store.reports.count_reports("alice")

    assert house.trip(work) == 1


def test_two_machines_that_store_the_same_day_at_once_agree_on_one_id(house, tmp_path):
    async def work(store):
        other = MongoStore(house.uri, house.name, tmp_path / "other machine")
        try:
            stored = await asyncio.gather(
                *(
                    one.reports.put_report(a_report(report_id=next(IDS), retry_count=number))
                    for number in range(6)
                    for one in (store, other)
                )
            )
        finally:
            await other.close()
        assert len({report.report_id for report in stored}) == 1
        assert await store.reports.count_reports() == 1

    house.trip(work)


def test_the_count_of_all_leaves_out_what_is_not_completed(house):
    async def work(store):
        reports = [
            a_report(
                report_id=next(IDS),
                user_id=f"user-{number}",
                generation_status=(
                    GenerationStatus.COMPLETED if number % 3 else GenerationStatus.FAILED
                ),
            )
            for number in range(9)
        ]
        await store.reports.put_reports(reports)
        assert await store.reports.count_reports() == 6

    house.trip(work)
