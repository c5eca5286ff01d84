"""Charts: well-formed, described, true to the values, and deaf to what names try."""

import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daznode.adapters.press.charts import chart_svg, ring_svg
from daznode.domain.page import Series, plain_text

SVG = "{http://www.w3.org/2000/svg}"


def a_series(values: tuple[float | None, ...], kind: str = "line", text: str = "t") -> Series:
    texts = tuple("–" if value is None else f"{text}{value:g}" for value in values)
    labels = tuple(f"{text}{day}" for day in range(1, len(values) + 1))
    return Series(text, labels, values, texts, kind, f"{text} summary")


def test_title_and_description() -> None:
    root = ET.fromstring(chart_svg(a_series((1.0, 2.0)), "x"))
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "x-t x-d"
    assert root.find(f"{SVG}title").text == "t"  # type: ignore[union-attr]
    assert root.find(f"{SVG}desc").text == "t summary"  # type: ignore[union-attr]


def test_a_line_breaks_where_a_day_is_missing() -> None:
    svg = chart_svg(a_series((1.0, 2.0, None, 4.0, None, 3.0, 2.0)), "x")
    root = ET.fromstring(svg)
    lines = [one for one in root.iter(f"{SVG}path") if one.get("class") == "c-line"]
    assert len(lines) == 2
    assert len(list(root.iter(f"{SVG}circle"))) == 5


def test_higher_values_stand_higher() -> None:
    root = ET.fromstring(chart_svg(a_series((1.0, 3.0, 2.0)), "x"))
    heights = [float(one.get("cy", "")) for one in root.iter(f"{SVG}circle")]
    assert heights[1] < heights[2] < heights[0]


def test_columns_are_proportional_to_their_values() -> None:
    root = ET.fromstring(chart_svg(a_series((100.0, 50.0, 0.0), "columns"), "x"))
    heights = [float(one.get("height", "")) for one in root.iter(f"{SVG}rect")]
    assert heights[0] == pytest.approx(2 * heights[1], abs=0.2)
    assert heights[2] == 1.0


def test_every_value_can_be_read() -> None:
    values = (1.0, 5.0, None, 2.0, 7.0, 3.0, 4.0)
    for kind in ("line", "columns"):
        svg = chart_svg(a_series(values, kind), "x")
        for day, value in enumerate(values, start=1):
            assert (f"<title>t{day}: t{value:g}</title>" in svg) if value is not None else True


@given(
    values=st.lists(st.none() | st.floats(-1e15, 1e15), min_size=1, max_size=7).filter(
        lambda some: any(value is not None for value in some)
    ),
    kind=st.sampled_from(["line", "columns"]),
    text=st.text(max_size=40),
)
def test_any_series_is_well_formed(values: list[float | None], kind: str, text: str) -> None:
    """No nan, no infinity, everything inside the drawing, one tip a point."""
    svg = chart_svg(a_series(tuple(values), kind, plain_text(text)), "x")
    root = ET.fromstring(svg)
    assert len(list(root.iter(f"{SVG}script"))) == 0
    assert "nan" not in re.sub(r">[^<]*<", "><", svg)
    points = [*root.iter(f"{SVG}circle"), *root.iter(f"{SVG}rect")]
    assert len(points) == sum(value is not None for value in values)
    for one in points:
        top = float(one.get("cy") or one.get("y") or "nan")
        assert 0 <= top <= 132


def test_ring() -> None:
    full, none = ring_svg(1.0, "100", "Score"), ring_svg(None, "–", "Score")
    length = 2 * 3.14159265 * 52
    dash = re.search(r'stroke-dasharray="([\d.]+) ', full)
    assert dash is not None
    assert float(dash.group(1)) == pytest.approx(length, abs=0.01)
    assert "r-fill" not in none
    hostile = ring_svg(0.5, "<b>", '"><script>')
    assert [one.tag for one in ET.fromstring(hostile).iter()].count(f"{SVG}script") == 0
