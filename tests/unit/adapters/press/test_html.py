"""HTML: complete, self-contained, described, and deaf to what names try."""

import itertools
import re
from html.parser import HTMLParser

import pytest
from tests.report_samples import (
    HOSTILE_ALIASES,
    hostile_report,
    public_report,
    rich_report,
    single_channel_report,
    unknown_report,
)
from tests.unit.report.test_layout import texts_of

from daznode.adapters.press.document import DocumentPress
from daznode.report.layout import lay_out

PRESS = DocumentPress()
VOID = {"meta", "link", "br", "img", "input", "hr"}


class Reader(HTMLParser):
    """Tags, attributes and visible text of a document, and whether the tags nest."""

    def __init__(self, document: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(document)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open[-1:]:
            self.texts.append(data)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize(
    "sample", [rich_report, public_report, single_channel_report, unknown_report, hostile_report]
)
def test_every_text_of_the_page_is_there(sample: object, language: str) -> None:
    """All rows of all tables too: the HTML is the whole report."""
    page = lay_out(sample(language=language))  # type: ignore[operator]
    reader = Reader(PRESS.html(page))
    assert reader.open == []
    shown = "\n".join(reader.texts)
    for section in page.sections:
        for block in (section.title, *section.blocks):
            for text in texts_of((block,)):
                is_other = text in {"line", "columns"} or text == getattr(block, "short_note", None)
                assert is_other or text in shown, text
    for text in (page.subject, page.subject_detail, page.date_text, page.score_text, page.lead):
        assert text in shown
    for text in (page.score_caption, page.status_text, page.banner, page.footer):
        assert text in shown


def test_nothing_is_fetched_or_run() -> None:
    reader = Reader(PRESS.html(lay_out(hostile_report())))
    names = {tag for tag, _ in reader.tags}
    assert not names & {"script", "link", "img", "iframe", "object", "embed", "form", "base", "a:b"}
    for _, attributes in reader.tags:
        assert not any(name.startswith("on") for name in attributes)
        assert not {"src", "srcset", "data", "action"} & attributes.keys()
        assert (attributes.get("href") or "#").startswith("#")
    policy = next(a for tag, a in reader.tags if tag == "meta" and a.get("http-equiv"))
    assert policy["content"] == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    style = re.search(r"<style>(.*?)</style>", PRESS.html(lay_out(rich_report())), re.DOTALL)
    assert style is not None
    assert not re.search(r"url\(|@import|expression", style.group(1))


def test_hostile_names_add_no_element() -> None:
    """The same page with harmless names of the same number has the same tags and attributes."""
    hostile = Reader(PRESS.html(lay_out(hostile_report())))
    tags = {(tag, tuple(sorted(attributes))) for tag, attributes in hostile.tags}
    harmless = Reader(PRESS.html(lay_out(rich_report())))
    known = {(tag, tuple(sorted(attributes))) for tag, attributes in harmless.tags}
    assert tags <= known
    shown = "\n".join(hostile.texts)
    assert HOSTILE_ALIASES[0] in shown
    assert "\x1b" not in shown
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in shown


@pytest.mark.parametrize("language", ["en", "fr"])
def test_structure(language: str) -> None:
    """Language, title, landmarks, one h1, no skipped level, scopes, unique ids, named links."""
    page = lay_out(rich_report(language=language))
    reader = Reader(PRESS.html(page))
    by_tag: dict[str, list[dict[str, str | None]]] = {}
    for tag, attributes in reader.tags:
        by_tag.setdefault(tag, []).append(attributes)
    assert by_tag["html"] == [{"lang": language}]
    assert {len(by_tag[tag]) for tag in ("h1", "main", "header", "footer", "nav", "title")} >= {1}
    assert len(by_tag["h1"]) == len(by_tag["main"]) == len(by_tag["nav"]) == 1
    levels = [int(tag[1]) for tag, _ in reader.tags if re.fullmatch(r"h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert all(one.get("scope") in {"col", "row"} for one in by_tag["th"])
    ids = [str(attributes["id"]) for _, attributes in reader.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for link in by_tag["a"]:
        assert str(link["href"])[1:] in ids
    for _, attributes in reader.tags:
        for name in str(attributes.get("aria-labelledby") or "").split():
            assert name in ids
    assert all(one.get("role") == "img" for one in by_tag["svg"])


def test_same_page_same_bytes() -> None:
    page = lay_out(rich_report())
    assert PRESS.html(page) == PRESS.html(page) == DocumentPress().html(lay_out(rich_report()))
