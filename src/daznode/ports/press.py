"""Press: a laid-out page to a file format that needs templates or a typesetter."""

from typing import Protocol

from daznode.domain.page import Page


class Press(Protocol):
    """Turns pages into documents."""

    def html(self, page: Page) -> str:
        """One self-contained HTML document, light and dark, no request to anywhere."""

    def pdf(self, page: Page) -> bytes:
        """A PDF of a few A4 pages."""
