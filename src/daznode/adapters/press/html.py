"""A laid-out page as one self-contained HTML document."""

from collections.abc import Callable
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from daznode.adapters.press.blocks import groups_of, latest_text
from daznode.adapters.press.charts import chart_svg, ring_svg
from daznode.adapters.press.palette import DARK, LIGHT
from daznode.domain.page import (
    Bars,
    Block,
    Cards,
    Charts,
    Page,
    Paragraph,
    Series,
    Table,
    Tiles,
)

_KINDS: Final[tuple[type[Block], ...]] = (Tiles, Paragraph, Cards, Table, Bars, Charts)


def _width(ratio: float) -> str:
    """A share as the width of a bar."""
    return f"{min(max(ratio, 0.0), 1.0) * 100:.1f}%"


def _chart(series: Series, ident: str) -> Markup:
    """The drawing escapes every text of the series itself."""
    return Markup(chart_svg(series, ident))  # noqa: S704


def _is_kind(kind: type[Block]) -> Callable[[Block], bool]:
    return lambda block: isinstance(block, kind)


class HtmlPress:
    """Renders pages with one template, compiled once."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=PackageLoader("daznode.adapters.press"),
            autoescape=True,
            undefined=StrictUndefined,
            auto_reload=False,
        )
        self._environment.filters.update(
            chart=_chart, groups=groups_of, latest=latest_text, width=_width
        )
        self._environment.tests.update({kind.__name__.lower(): _is_kind(kind) for kind in _KINDS})

    def render(self, page: Page) -> str:
        """The document: light and dark, no script, no request to anywhere.

        Args:
            page: The page, complete: no row of a table is left out.

        Returns:
            HTML; every text of the page is escaped, and a content security policy forbids
            scripts and requests even so. The same page gives the same bytes.
        """
        ring = ring_svg(page.score_ratio, page.score_text, page.words.score)
        template = self._environment.get_template("report.html.j2")
        return template.render(page=page, ring=Markup(ring), light=LIGHT, dark=DARK) + "\n"  # noqa: S704
