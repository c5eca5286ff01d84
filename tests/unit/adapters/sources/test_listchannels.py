"""Two rows to a channel, in any order, doubled and in conflict."""

from tests.dumps import (
    SECONDS,
    a_row,
    read,
)


def test_core_lightning_rows_out_of_order_duplicate_and_in_conflict() -> None:
    rows = [
        a_row(1, 1, 2),
        a_row(1, 2, 1),
        a_row(1, 2, 1, last_update=SECONDS - 500, fee_per_millionth=999),
        a_row(1, 1, 3, last_update=SECONDS - 900),
        a_row(2, 2, 3),
        a_row(3, 1, 2, public=False),
        a_row(4, 1, 2) | {"source": 5},
        a_row(5, 1, 2, short_channel_id="1x1"),
        a_row(6, 1, 2, amount_msat="12sat"),
        a_row(7, 1, 3),
        a_row(8, 1, 3),
        a_row(9, 1, 3),
    ]
    expected = {
        "channel-conflicting-row": 1,
        "channel-duplicate": 1,
        "channel-key-invalid": 1,
        "channel-scid-invalid": 1,
        "channel-unannounced": 1,
        "channel-wrong-type": 1,
    }
    hashes = set()
    for order in (rows, rows[::-1]):
        snapshot = read({"channels": order})
        assert dict(snapshot.origin.skipped) == expected
        assert snapshot.n_channels == 5
        assert sorted(snapshot.channels.policies.fee_ppm[:, 0].tolist()) == [10, 20]
        hashes.add(snapshot.origin.content_sha256)
    assert len(hashes) == 1
