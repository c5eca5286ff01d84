"""A laid-out page as a PDF of a few A4 pages, typeset by typst."""

import re
from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import files
from typing import Any, Final

import msgspec
import typst

from daznode.adapters.press.blocks import groups_of, kind_of, latest_text, split_of
from daznode.adapters.press.charts import chart_svg, ring_svg
from daznode.adapters.press.glyphs import drawable
from daznode.adapters.press.palette import LIGHT
from daznode.domain.errors import InvariantBroken
from daznode.domain.page import Block, Cards, Charts, Page, Section, Series, Table

_BREAK: Final = "\N{ZERO WIDTH SPACE}"
_PIECE: Final = 12
_LONGEST_WORD: Final = 66
"""A node key; it stays whole so that it can be copied."""

_LONGEST_IN_CELL: Final = 20

_FONT: Final = "'Libertinus Serif'"

_CHART_STYLE: Final = (
    f"text{{font-family:{_FONT};font-size:10.5px;fill:{LIGHT.muted}}}"
    f".c-value{{fill:{LIGHT.ink}}}"
    f".c-line{{fill:none;stroke:{LIGHT.accent};stroke-width:2;stroke-linejoin:round;"
    "stroke-linecap:round}"
    f".c-area{{fill:{LIGHT.accent_soft};fill-opacity:.6}}"
    f".c-dot{{fill:{LIGHT.panel};stroke:{LIGHT.accent};stroke-width:1.5}}"
    f".c-last{{fill:{LIGHT.accent};stroke:{LIGHT.panel};stroke-width:1.5}}"
    f".c-column{{fill:{LIGHT.accent};fill-opacity:.42}}.c-column-last{{fill:{LIGHT.accent}}}"
    f".c-axis{{stroke:{LIGHT.line};stroke-width:1}}"
)

_RING_STYLE: Final = (
    f".r-track,.r-fill{{fill:none;stroke-width:9}}.r-track{{stroke:{LIGHT.line}}}"
    f".r-fill{{stroke:{LIGHT.accent};stroke-linecap:round}}"
    f".r-text{{font-family:{_FONT};font-size:38px;font-weight:600;fill:{LIGHT.ink}}}"
)


def _breakable(text: str, longest: int) -> str:
    """A text in which a word longer than that may break, so that it cannot leave its column."""

    def broken(match: re.Match[str]) -> str:
        word = match.group()
        return _BREAK.join(word[at : at + _PIECE] for at in range(0, len(word), _PIECE))

    return re.sub(rf"\S{{{longest + 1},}}", broken, text)


def _drawable_value(value: object) -> object:
    """The same JSON value, its texts reduced to what the fonts can draw."""
    if isinstance(value, str):
        return _breakable(drawable(value), _LONGEST_WORD)
    if isinstance(value, (list, tuple)):
        return [_drawable_value(item) for item in value]
    if isinstance(value, dict):
        return {key: _drawable_value(item) for key, item in value.items()}
    return value


def _drawable_fields(part: Block | Page) -> dict[str, Any]:
    """The fields of a part of the page as JSON values that the fonts can draw."""
    fields: dict[str, object] = msgspec.to_builtins(part)
    return {name: _drawable_value(value) for name, value in fields.items()}


def _series(series: Series) -> dict[str, Any]:
    drawn = replace(
        series,
        title=drawable(series.title),
        labels=tuple(map(drawable, series.labels)),
        value_texts=tuple(map(drawable, series.value_texts)),
        summary=drawable(series.summary),
    )
    return {
        "title": drawn.title,
        "summary": drawn.summary,
        "latest": latest_text(drawn),
        "svg": chart_svg(drawn, "c", _CHART_STYLE),
    }


def _block(block: Block, page: Page) -> dict[str, Any]:
    """A block as the template reads it, with its kind and what only drawing code can make."""
    if isinstance(block, Charts):
        return {"kind": kind_of(block), "series": [_series(one) for one in block.series]}
    content = _drawable_fields(block)
    content["kind"] = kind_of(block)
    if isinstance(block, Table):
        for index, column in enumerate(content["columns"]):
            cells = [row[index] for row in content["rows"]]
            for cell in cells:
                cell["text"] = _breakable(cell["text"], _LONGEST_IN_CELL)
            column["is-long"] = any(len(cell["text"]) > _LONGEST_IN_CELL for cell in cells)
            column["has-bar"] = any(row[index].bar_ratio is not None for row in block.rows)
    if isinstance(block, Cards):
        for card in content["cards"]:
            card["action-label"] = drawable(page.words.action)
    return content


def _section(section: Section, page: Page) -> dict[str, Any]:
    groups = groups_of(section)
    return {
        "key": section.key,
        "title": drawable(section.title),
        "groups": [
            {"split": split_of(group), "blocks": [_block(one, page) for one in group]}
            for group in groups
        ],
    }


def _inputs(page: Page) -> Mapping[str, Any]:
    """Everything the template needs, as JSON values: texts stay data, whatever they hold."""
    head = _drawable_fields(replace(page, sections=()))
    head["sections"] = [_section(section, page) for section in page.sections]
    title = f"{page.title}{page.words.colon} {page.subject}, {page.date_text}"
    return {
        "page": head,
        "title": drawable(title),
        "palette": msgspec.to_builtins(LIGHT),
        "ring": ring_svg(
            page.score_ratio, drawable(page.score_text), drawable(page.words.score), _RING_STYLE
        ),
    }


class PdfPress:
    """Typesets pages with one template and the fonts that come with typst."""

    def __init__(self) -> None:
        folder = files("daznode.adapters.press") / "templates"
        self._template = (folder / "report.typ").read_bytes()

    def render(self, page: Page) -> bytes:
        """The document, tagged for screen readers, with title and language set.

        Args:
            page: The page; tables show their short form.

        Returns:
            A PDF. It carries no date of its own: the same page gives the same bytes.

        Raises:
            InvariantBroken: The template cannot be typeset: a bug.
        """
        data = msgspec.json.encode(_inputs(page)).decode()
        try:
            return typst.compile(
                self._template,
                format="pdf",
                sys_inputs={"data": data},
                ignore_system_fonts=True,
            )
        except typst.TypstError as error:
            message = f"PDF of {page.subject}: the template cannot be typeset ({error.message})"
            raise InvariantBroken(message) from error
