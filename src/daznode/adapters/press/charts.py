"""Charts as SVG drawings, shared by the HTML and the PDF; colours come by class from each."""

from dataclasses import dataclass
from math import pi
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from daznode.domain.page import Series

_WIDTH: Final = 320.0
_HEIGHT: Final = 132.0
_LEFT, _RIGHT = 12.0, 308.0
_TOP, _BOTTOM = 22.0, 102.0
_DAYS_Y: Final = 124.0
_COLUMN_SHARE: Final = 0.58
_LOW_ROOM_SHARE: Final = 0.28
"""Air below the lowest point of a line for its figure, of the span of the values."""

_RING_RADIUS: Final = 52.0


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where values and days fall on the drawing."""

    low: float
    high: float
    n_points: int

    def x(self, index: int) -> float:
        """Middle of a day's slot."""
        return _LEFT + (index + 0.5) * (_RIGHT - _LEFT) / self.n_points

    def y(self, value: float) -> float:
        """Height of a value; the middle if all values are the same."""
        if self.high <= self.low:
            return (_TOP + _BOTTOM) / 2
        return _BOTTOM - (value - self.low) / (self.high - self.low) * (_BOTTOM - _TOP)


def _known(series: Series) -> list[tuple[int, float]]:
    return [(index, value) for index, value in enumerate(series.values) if value is not None]


def _runs(series: Series) -> list[list[tuple[int, float]]]:
    """The known points, cut where a day is missing."""
    runs: list[list[tuple[int, float]]] = []
    for index, value in _known(series):
        if runs and runs[-1][-1][0] == index - 1:
            runs[-1].append((index, value))
        else:
            runs.append([(index, value)])
    return runs


def _anchor(index: int, n_points: int) -> str:
    if index == 0:
        return "start"
    return "end" if index == n_points - 1 else "middle"


def _text(x: float, y: float, anchor: str, css: str, text: str) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{css}">{escape(text)}</text>'
    )


def _tip(series: Series, index: int) -> str:
    """What a pointer resting on a point is told."""
    return f"<title>{escape(f'{series.labels[index]}: {series.value_texts[index]}')}</title>"


def _labelled(series: Series, scale: _Scale, index: int, y: float) -> str:
    anchor = _anchor(index, scale.n_points)
    shift = {"start": -6.0, "end": 6.0, "middle": 0.0}[anchor]
    return _text(scale.x(index) + shift, y, anchor, "c-value", series.value_texts[index])


def _line(series: Series) -> list[str]:
    points = _known(series)
    values = [value for _, value in points]
    room = (max(values) - min(values)) * _LOW_ROOM_SHARE
    scale = _Scale(min(values) - room, max(values), len(series.values))
    parts = []
    for run in _runs(series):
        at = [(scale.x(index), scale.y(value)) for index, value in run]
        path = " L".join(f"{x:.1f} {y:.1f}" for x, y in at)
        if len(run) > 1:
            floor = f"L{at[-1][0]:.1f} {_BOTTOM:.1f} L{at[0][0]:.1f} {_BOTTOM:.1f} Z"
            parts.append(f'<path class="c-area" d="M{path} {floor}"/>')
            parts.append(f'<path class="c-line" d="M{path}"/>')
    last = points[-1][0]
    for index, value in points:
        css, radius = ("c-last", 4.0) if index == last else ("c-dot", 2.6)
        parts.append(
            f'<circle class="{css}" cx="{scale.x(index):.1f}" cy="{scale.y(value):.1f}" '
            f'r="{radius}">{_tip(series, index)}</circle>'
        )
    highest = max(points, key=lambda point: (point[1], point[0]))
    lowest = min(points, key=lambda point: (point[1], -point[0]))
    parts.append(_labelled(series, scale, highest[0], scale.y(highest[1]) - 9))
    if lowest[1] < highest[1]:
        parts.append(_labelled(series, scale, lowest[0], scale.y(lowest[1]) + 15))
    return parts


def _columns(series: Series) -> list[str]:
    points = _known(series)
    values = [value for _, value in points]
    scale = _Scale(min(0.0, *values), max(0.0, *values), len(series.values))
    zero = _BOTTOM if scale.high <= scale.low else scale.y(0.0)
    width = (_RIGHT - _LEFT) / scale.n_points * _COLUMN_SHARE
    last = points[-1][0]
    parts = []
    for index, value in points:
        top = zero if value == 0 else scale.y(value)
        height = max(abs(zero - top), 1.0)
        css = "c-column-last" if index == last else "c-column"
        parts.append(
            f'<rect class="{css}" x="{scale.x(index) - width / 2:.1f}" y="{min(top, zero - 1):.1f}" '
            f'width="{width:.1f}" height="{height:.1f}" rx="2">{_tip(series, index)}</rect>'
        )
    highest = max(points, key=lambda point: (point[1], point[0]))
    top = zero if highest[1] == 0 else scale.y(highest[1])
    parts.append(_labelled(series, scale, highest[0], top - 7))
    return parts


def chart_svg(series: Series, ident: str, style: str = "") -> str:
    """One series over days as an SVG element.

    Args:
        series: At least one known value; a missing day is a gap.
        ident: Start of the ids of its title and description, unique in the document.
        style: Style rules to carry inside, for a document that has none of its own.

    Returns:
        The element, with the series' title and summary for those who do not see it. Classes:
        `c-line`, `c-area`, `c-dot`, `c-last`, `c-column`, `c-column-last`, `c-axis`, `c-day`,
        `c-value`. Texts are escaped. The same series gives the same bytes.
    """
    body = _columns(series) if series.kind == "columns" else _line(series)
    n_points = len(series.labels)
    days = _Scale(0.0, 1.0, n_points)
    axis = [f'<path class="c-axis" d="M{_LEFT} {_BOTTOM + 0.5} H{_RIGHT}"/>']
    axis += [
        _text(
            days.x(index) + (-6 if index == 0 else 6),
            _DAYS_Y,
            _anchor(index, n_points),
            "c-day",
            series.labels[index],
        )
        for index in sorted({0, n_points - 1})
    ]
    return "".join(
        (
            (
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" role="img" '
                f'aria-labelledby="{ident}-t {ident}-d" class="chart">'
            ),
            f'<title id="{ident}-t">{escape(series.title)}</title>',
            f'<desc id="{ident}-d">{escape(series.summary)}</desc>',
            f"<style>{style}</style>" if style else "",
            *axis,
            *body,
            "</svg>",
        )
    )


def ring_svg(ratio: float | None, text: str, label: str, style: str = "") -> str:
    """A score as a ring filled clockwise from the top, with the score inside.

    Args:
        ratio: Score over its maximum, in [0, 1]; None leaves the ring empty.
        text: The score as printed.
        label: What it is, for those who do not see it.
        style: Style rules to carry inside.

    Returns:
        An SVG element with the classes `r-track`, `r-fill` and `r-text`.
    """
    length = 2 * pi * _RING_RADIUS
    filled = length * min(max(ratio or 0.0, 0.0), 1.0)
    arc = (
        f'<circle class="r-fill" cx="64" cy="64" r="{_RING_RADIUS}" '
        f'stroke-dasharray="{filled:.2f} {length:.2f}" transform="rotate(-90 64 64)"/>'
    )
    return "".join(
        (
            (
                '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 128 128" role="img" class="ring" '
                f"aria-label={quoteattr(f'{label}: {text}')}>"
            ),
            f"<style>{style}</style>" if style else "",
            f'<circle class="r-track" cx="64" cy="64" r="{_RING_RADIUS}"/>',
            arc if filled > 0 else "",
            _text(64.0, 76.0, "middle", "r-text", text),
            "</svg>",
        )
    )
