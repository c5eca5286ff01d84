"""Cursors are texts that only their backend reads."""

import pytest
from msgspec import Struct

from daznode.adapters.lightning.cursor import CursorText
from daznode.domain.errors import StoreCorrupt


class Place(Struct):
    last: int = 0


def test_a_cursor_is_read_back_and_none_is_the_beginning():
    cursors = CursorText(Place)
    assert cursors.read(cursors.text(Place(7))).last == 7
    assert cursors.read(None).last == 0


def test_another_backends_cursor_is_refused():
    with pytest.raises(StoreCorrupt, match="sync anew"):
        CursorText(Place).read('{"last": "x"}')
