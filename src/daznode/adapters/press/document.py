"""The press: pages to HTML and PDF documents."""

from daznode.adapters.press.html import HtmlPress
from daznode.adapters.press.pdf import PdfPress
from daznode.domain.page import Page


class DocumentPress:
    """Jinja2 for HTML, typst for PDF; templates and fonts come with the packages, nothing is fetched."""

    def __init__(self) -> None:
        self._html = HtmlPress()
        self._pdf = PdfPress()

    def html(self, page: Page) -> str:
        """One self-contained HTML document; see `HtmlPress.render`."""
        return self._html.render(page)

    def pdf(self, page: Page) -> bytes:
        """A PDF of a few A4 pages; see `PdfPress.render`."""
        return self._pdf.render(page)
