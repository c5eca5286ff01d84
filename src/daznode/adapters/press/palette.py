"""The colours of the documents, in one place, so that their contrast can be checked."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one theme, as `#rrggbb`.

    Attributes:
        ground: Behind everything.
        panel: Behind blocks.
        sunken: Behind what to do, table heads and bar tracks.
        line: Rules and borders, decoration only.
        ink: Text.
        muted: Secondary text.
        accent: The one colour of links, charts and bars.
        accent_soft: Fill below a chart's line, decoration only.
        good, warn, bad, info: Text of each tone.
        good_soft, warn_soft, bad_soft, info_soft: Behind text of that tone.
    """

    ground: str
    panel: str
    sunken: str
    line: str
    ink: str
    muted: str
    accent: str
    accent_soft: str
    good: str
    warn: str
    bad: str
    info: str
    good_soft: str
    warn_soft: str
    bad_soft: str
    info_soft: str

    def variables(self) -> Mapping[str, str]:
        """The colours under the names of CSS: `accent-soft` for `accent_soft`."""
        return {one.name.replace("_", "-"): getattr(self, one.name) for one in fields(self)}


LIGHT: Final = Palette(
    ground="#f5f6f4",
    panel="#ffffff",
    sunken="#f0f3f1",
    line="#dfe4e0",
    ink="#15201d",
    muted="#55625d",
    accent="#0b6b5e",
    accent_soft="#d9ece8",
    good="#17653a",
    warn="#825000",
    bad="#a8231c",
    info="#0b6b5e",
    good_soft="#e3f3e9",
    warn_soft="#fbefd9",
    bad_soft="#fbe7e5",
    info_soft="#e0f0ed",
)

DARK: Final = Palette(
    ground="#0e1312",
    panel="#161d1b",
    sunken="#1d2624",
    line="#2c3835",
    ink="#e8eeeb",
    muted="#9fada8",
    accent="#5fcdb9",
    accent_soft="#1c3a35",
    good="#79d49b",
    warn="#efbb66",
    bad="#ff9a91",
    info="#5fcdb9",
    good_soft="#16301f",
    warn_soft="#34280f",
    bad_soft="#3b1e1b",
    info_soft="#14302b",
)
