"""Questions to the daily reports: by an index, with the moments to the microsecond."""

from datetime import timedelta

import pytest
from tests.builders import DAY, TODAY, a_node_id, a_report

from daznode.adapters.store.database import Database
from daznode.adapters.store.report_files import ReportFiles
from daznode.adapters.store.report_queries import ReportQueries
from daznode.adapters.store.report_rows import ReportRows

A_MOMENT = timedelta(microseconds=1)


@pytest.fixture
def database(tmp_path):
    made = Database(tmp_path / "data" / "d.sqlite3")
    ReportRows(made, ReportFiles(tmp_path / "assets")).put(
        tuple(
            a_report(
                report_id=f"00000000-0000-4000-8000-{user:06}{day:06}",
                user_id=f"user-{user}",
                report_date=TODAY + day * DAY,
            )
            for user in range(3)
            for day in range(4)
        )
    )
    yield made
    made.close()


def test_days_are_compared_to_the_microsecond(database):
    queries = ReportQueries(database.path)
    with database.reading() as connection:
        found = queries.between(
            connection, ("user-1", a_node_id(1)), TODAY + A_MOMENT, TODAY + DAY + A_MOMENT
        )
    assert [report.report_date for report in found] == [TODAY + DAY]


@pytest.mark.parametrize(
    "question",
    [
        lambda queries, connection: queries.get(connection, "00000000-0000-4000-8000-000001000002"),
        lambda queries, connection: queries.latest(connection, "user-1"),
        lambda queries, connection: queries.page(connection, "user-1", TODAY, (2, 1)),
        lambda queries, connection: queries.count(connection, "user-1"),
        lambda queries, connection: queries.count(connection, None),
        lambda queries, connection: queries.between(
            connection, ("user-1", a_node_id(1)), TODAY, TODAY + 9 * DAY
        ),
    ],
    ids=["id", "latest", "page", "count of one", "count of all", "between"],
)
def test_every_question_is_answered_by_an_index_of_what_is_asked(database, question):
    asked = []
    with database.reading() as connection:
        connection.set_trace_callback(asked.append)
        question(ReportQueries(database.path), connection)
        connection.set_trace_callback(None)
        plans = [
            step
            for statement in asked
            for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {statement}")
        ]
    assert plans
    assert not any(step.startswith("SCAN") for step in plans), plans
    assert not any("daily_reports_by_status" in step for step in plans), plans
