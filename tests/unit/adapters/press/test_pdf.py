"""PDF: a few pages, readable text, tagged, the same bytes each time, no missing glyph."""

import io

import msgspec
import pytest
import typst
from pypdf import PdfReader
from tests.report_samples import (
    hostile_report,
    public_report,
    rich_report,
    single_channel_report,
    unknown_report,
)

from daznode.adapters.press.document import DocumentPress
from daznode.adapters.press.pdf import PdfPress, _inputs
from daznode.domain.page import Cards, Page, Tiles
from daznode.report.layout import lay_out

PRESS = DocumentPress()


def read(page: Page) -> PdfReader:
    return PdfReader(io.BytesIO(PRESS.pdf(page)))


def text_of(reader: PdfReader) -> str:
    """All text without blanks: where lines break is the typesetter's choice."""
    text = "".join(page.extract_text() for page in reader.pages)
    return "".join(text.replace("\N{NARROW NO-BREAK SPACE}", "").split())


def bare(text: str) -> str:
    return "".join(text.replace("\N{NARROW NO-BREAK SPACE}", "").split())


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_rich_report(language: str) -> None:
    """Three or four A4 pages with every tile, alert, recommendation and section."""
    page = lay_out(rich_report(language=language))
    reader = read(page)
    assert 3 <= len(reader.pages) <= 4
    assert [round(float(side)) for side in reader.pages[0].mediabox[2:]] == [595, 842]
    shown = text_of(reader)
    for section in page.sections:
        assert bare(section.title) in shown
        for block in section.blocks:
            if isinstance(block, Tiles):
                for tile in block.tiles:
                    assert bare(tile.value) in shown, tile
            if isinstance(block, Cards):
                for card in block.cards:
                    assert bare(card.title.split(" ")[0]) in shown
                    assert bare(card.action) in shown
    assert "None" not in shown
    assert (
        bare(page.words.page_of.replace("{pages}", str(len(reader.pages))).replace("{page}", "1"))
        in shown
    )


def test_long_tables_are_cut_and_say_so() -> None:
    report = rich_report(n_channels=40)
    shown = text_of(read(lay_out(report)))
    assert report.channels[14].scid in shown
    assert report.channels[-1].scid in shown
    assert bare("22 channels in between") in shown


@pytest.mark.parametrize(
    ("sample", "most"), [(public_report, 3), (single_channel_report, 3), (unknown_report, 2)]
)
def test_small_reports_are_short(sample: object, most: int) -> None:
    assert len(read(lay_out(sample())).pages) <= most  # type: ignore[operator]


@pytest.mark.parametrize("sample", [rich_report, hostile_report, public_report, unknown_report])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_accessible_and_without_missing_glyphs(sample: object, language: str) -> None:
    """PDF/UA-1 demands title, language, tags, alternative texts, and a glyph for every character."""
    page = lay_out(sample(language=language))  # type: ignore[operator]
    pdf = typst.compile(
        PdfPress()._template,
        format="pdf",
        sys_inputs={"data": msgspec.json.encode(_inputs(page)).decode()},
        ignore_system_fonts=True,
        pdf_standards=["ua-1"],
    )
    assert pdf.startswith(b"%PDF")


def test_title_and_language() -> None:
    reader = read(lay_out(rich_report(language="fr")))
    assert reader.metadata is not None
    assert (
        reader.metadata.title
        == "Rapport quotidien\N{NO-BREAK SPACE}: Morning Star ⚡, 20 novembre 2025"
    )
    assert reader.metadata.creation_date is None
    assert reader.trailer["/Root"]["/Lang"] == "fr"
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]


def test_hostile_names_are_data() -> None:
    """No code of the template language runs, no link, script or action comes in."""
    reader = read(lay_out(hostile_report()))
    shown = text_of(reader)
    assert "#panic()" in shown
    assert "<script>alert(1)</script>" in shown
    for page in reader.pages:
        assert "/Annots" not in page
    root = reader.trailer["/Root"]
    assert not {"/OpenAction", "/AA", "/AcroForm"} & root.keys()
    assert "/JavaScript" not in root.get("/Names", {})


def test_same_page_same_bytes() -> None:
    assert PRESS.pdf(lay_out(rich_report())) == DocumentPress().pdf(lay_out(rich_report()))
    assert PRESS.pdf(lay_out(rich_report())) != PRESS.pdf(lay_out(public_report()))
