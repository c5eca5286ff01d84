"""Every figure of a report as text, in English and French: amounts, shares, moments, places."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from typing import Final

from daznode.domain.errors import InvalidParameter
from daznode.domain.units import MSAT_PER_SAT, Msat, whole_sat

DASH: Final = "\N{EN DASH}"
"""What stands for a figure that is not known; never 0."""

_MINUS: Final = "\N{MINUS SIGN}"
_NBSP: Final = "\N{NO-BREAK SPACE}"
_NARROW: Final = "\N{NARROW NO-BREAK SPACE}"

_EXACT_BELOW_MSAT: Final = 100 * MSAT_PER_SAT
"""Amounts below 100 sat are written to the millisatoshi, so that a small fee does not read as 0."""

_BTC_EXACT_BELOW: Final = Decimal("0.1")
_TINY_SHARE: Final = Decimal("0.01")
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_KEY_HEAD, _KEY_TAIL = 10, 4
_TEENS: Final = (11, 12, 13)


@dataclass(frozen=True, slots=True)
class _Style:
    """How one language writes figures and dates."""

    group: str
    point: str
    unit_space: str
    share_space: str
    months: tuple[str, ...]
    months_short: tuple[str, ...]
    day_words: tuple[str, str]
    hour_words: tuple[str, str]
    minute_words: tuple[str, str]
    at: str


_STYLES: Final[Mapping[str, _Style]] = {
    "en": _Style(
        group=",",
        point=".",
        unit_space=" ",
        share_space="",
        months=(
            *("January", "February", "March", "April", "May", "June", "July"),
            *("August", "September", "October", "November", "December"),
        ),
        months_short=(
            *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
            *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
        ),
        day_words=("day", "days"),
        hour_words=("hour", "hours"),
        minute_words=("minute", "minutes"),
        at=", ",
    ),
    "fr": _Style(
        group=_NARROW,
        point=",",
        unit_space=_NBSP,
        share_space=_NBSP,
        months=(
            *("janvier", "février", "mars", "avril", "mai", "juin", "juillet"),
            *("août", "septembre", "octobre", "novembre", "décembre"),
        ),
        months_short=(
            *("janv.", "févr.", "mars", "avr.", "mai", "juin"),
            *("juil.", "août", "sept.", "oct.", "nov.", "déc."),
        ),
        day_words=("jour", "jours"),
        hour_words=("heure", "heures"),
        minute_words=("minute", "minutes"),
        at=" à ",
    ),
}

LANGUAGES: Final = tuple(_STYLES)


def _style(language: str) -> _Style:
    style = _STYLES.get(language)
    if style is None:
        message = f"language {language!r}: not known; expected one of {', '.join(LANGUAGES)}"
        raise InvalidParameter(message)
    return style


def _number(value: Decimal | int, decimals: int, language: str) -> str:
    """Digits with the language's grouping and decimal point, and a true minus sign."""
    style = _style(language)
    text = f"{abs(Decimal(value)):,.{decimals}f}"
    text = text.replace(",", "\0").replace(".", style.point).replace("\0", style.group)
    return f"{_MINUS}{text}" if value < 0 else text


def _signed(text: str, value: Decimal | float) -> str:
    return f"+{text}" if value > 0 else text


def _rounded(value: float, decimals: int, rounding: str) -> Decimal:
    """The shortest decimal that reads back as the float, rounded: no binary noise at the edges."""
    return Decimal(repr(value)).quantize(Decimal(1).scaleb(-decimals), rounding)


def count(value: int | None, language: str) -> str:
    """A whole number: `15,812`, `15 812`; a dash if unknown.

    Args:
        value: The number, or None.
        language: `en` or `fr`.

    Returns:
        The text.

    Raises:
        InvalidParameter: The language is neither; likewise in all functions here.
    """
    return DASH if value is None else _number(value, 0, language)


def signed_count(value: int | None, language: str) -> str:
    """A change of a whole number: `+3`, `-12` (with a true minus sign), `0`."""
    return DASH if value is None else _signed(_number(value, 0, language), value)


def sats(value: int | None, language: str) -> str:
    """An amount in whole satoshi: `1,234,567 sat`."""
    if value is None:
        return DASH
    return f"{_number(value, 0, language)}{_style(language).unit_space}sat"


def signed_sats(value: int | None, language: str) -> str:
    """A change or a result in satoshi: `+1,250 sat`, `-80 sat`, `0 sat`."""
    return DASH if value is None else _signed(sats(value, language), value)


def _exact_msat(value: int, language: str) -> str:
    """An amount of millisatoshi in satoshi with the decimals it needs: `0.9`, `12.345`, `5`."""
    decimals = len(f"{abs(value) % MSAT_PER_SAT:03d}".rstrip("0"))
    return _number(Decimal(value).scaleb(-3), decimals, language)


def bare_msat(value: int | None, language: str) -> str:
    """An amount of millisatoshi in satoshi without the unit, for a column that names it.

    Rounded towards zero: to whole satoshi from 100 sat on, to a tenth from 1 sat on; exact below,
    so that a small fee does not read as nothing: `0.999`, `12.3`, `1,234`.
    """
    if value is None:
        return DASH
    if abs(value) >= _EXACT_BELOW_MSAT:
        return _number(whole_sat(Msat(value)), 0, language)
    if abs(value) >= MSAT_PER_SAT:
        tenth = MSAT_PER_SAT // 10
        value = (abs(value) // tenth * tenth) * (-1 if value < 0 else 1)
    return _exact_msat(value, language)


def signed_bare_msat(value: int | None, language: str) -> str:
    """As `bare_msat`, with a plus sign when positive."""
    return DASH if value is None else _signed(bare_msat(value, language), value)


def msat_as_sats(value: int | None, language: str) -> str:
    """An amount of millisatoshi written in satoshi: `1,234 sat`; exact below 100 sat: `0.9 sat`."""
    if value is None:
        return DASH
    if abs(value) >= _EXACT_BELOW_MSAT:
        return sats(whole_sat(Msat(value)), language)
    return f"{_exact_msat(value, language)}{_style(language).unit_space}sat"


def signed_msat_as_sats(value: int | None, language: str) -> str:
    """As `msat_as_sats`, with a plus sign when positive."""
    return DASH if value is None else _signed(msat_as_sats(value, language), value)


def btc(value: Decimal | None, language: str) -> str:
    """An amount in bitcoin: four decimals rounded down, or exact below 0.1: `4.2515 BTC`."""
    if value is None:
        return DASH
    decimals = 4
    if abs(value) < _BTC_EXACT_BELOW:
        decimals = max(4, len(f"{value:.8f}".rstrip("0").partition(".")[2]))
    cut = value.quantize(Decimal(1).scaleb(-decimals), ROUND_DOWN)
    return f"{_number(cut, decimals, language)}{_style(language).unit_space}BTC"


def ppm(value: int | None, language: str) -> str:
    """A proportional fee in millionths: `1,250 ppm`."""
    if value is None:
        return DASH
    return f"{_number(value, 0, language)}{_style(language).unit_space}ppm"


def percent_text(ratio: float | None, language: str) -> str:
    """A share of one as hundredths: `95.3%`, `95,3 %`.

    One decimal, two below one hundredth; whole for exactly nothing and exactly all. What is not
    nothing never reads as 0 and what is not all never as 100.

    Args:
        ratio: Usually in [0, 1]; may be negative or above (a change).
        language: `en` or `fr`.

    Returns:
        The text, or a dash.
    """
    if ratio is None:
        return DASH
    space = _style(language).share_space
    exact = Decimal(repr(ratio))
    hundredths = exact * 100
    if exact == exact.to_integral_value():
        return f"{_number(int(hundredths), 0, language)}{space}%"
    decimals = 2 if abs(exact) < _TINY_SHARE else 1
    step = Decimal(1).scaleb(-decimals)
    rounded = hundredths.quantize(step, ROUND_HALF_EVEN)
    prefix = ""
    if rounded == 0:
        prefix, rounded = "<", step.copy_sign(hundredths)
    elif abs(exact) < 1 and abs(rounded) == 100:  # noqa: PLR2004
        prefix, rounded = ">", (100 - step).copy_sign(hundredths)
    return f"{prefix}{_number(rounded, decimals, language)}{space}%"


def signed_percent_text(ratio: float | None, language: str) -> str:
    """As `percent_text`, with a plus sign when positive."""
    return DASH if ratio is None else _signed(percent_text(ratio, language), ratio)


def score(value: float | None, language: str) -> str:
    """A score of 0 to 100 with one decimal, rounded down so that it never shows the next rating."""
    return DASH if value is None else _number(_rounded(value, 1, ROUND_DOWN), 1, language)


def signed_score(value: float | None, language: str) -> str:
    """A change of a score: `+1.2`, `-0.4`; `0.0` when it is too small to show."""
    if value is None:
        return DASH
    rounded = _rounded(value, 1, ROUND_HALF_EVEN)
    return _signed(_number(rounded, 1, language), rounded)


def decimal(value: float | None, decimals: int, language: str) -> str:
    """A plain number with a fixed count of decimals: `3.42`."""
    if value is None:
        return DASH
    return _number(_rounded(value, decimals, ROUND_HALF_EVEN), decimals, language)


def plain_decimal(value: Decimal, language: str) -> str:
    """An exact decimal with the digits it has, trailing zeros gone: `2.023`, `0.2`, `3`."""
    plain = value.normalize()
    exponent = plain.as_tuple().exponent
    decimals = max(0, -exponent) if isinstance(exponent, int) else 0
    return _number(plain, decimals, language)


def signed_decimal(value: float | None, decimals: int, language: str) -> str:
    """As `decimal`, with a plus sign when positive."""
    if value is None:
        return DASH
    rounded = _rounded(value, decimals, ROUND_HALF_EVEN)
    return _signed(_number(rounded, decimals, language), rounded)


def is_singular(value: int, language: str) -> bool:
    """Whether a count takes the singular: 1 in English; 0 and 1 in French."""
    _style(language)
    return abs(value) == 1 or (value == 0 and language == "fr")


def counted(value: int | None, one: str, many: str, language: str) -> str:
    """A count with its noun: `1 channel`, `12 channels`."""
    if value is None:
        return DASH
    noun = one if is_singular(value, language) else many
    return f"{_number(value, 0, language)}{_style(language).unit_space}{noun}"


def place(value: int | None, language: str) -> str:
    """A place in a ranking: `1st`, `812th`; `1er`, `812e`."""
    if value is None:
        return DASH
    number = _number(value, 0, language)
    if language == "fr":
        return f"{number}{'er' if value == 1 else 'e'}"
    if value % 100 in _TEENS:
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(value % 10, 'th') }"


def days(value: int | None, language: str) -> str:
    """A count of days: `1 day`, `12 days`."""
    if value is None:
        return DASH
    return counted(value, *_style(language).day_words, language)


def age(seconds: int | None, language: str) -> str:
    """An age in its largest whole unit: `5 minutes`, `3 hours`, `12 days`."""
    if seconds is None:
        return DASH
    style = _style(language)
    if seconds >= 2 * _DAY:
        return counted(seconds // _DAY, *style.day_words, language)
    if seconds >= 2 * _HOUR:
        return counted(seconds // _HOUR, *style.hour_words, language)
    return counted(max(seconds, 0) // _MINUTE, *style.minute_words, language)


def day_long(value: datetime | None, language: str) -> str:
    """A day written out: `21 November 2026`, `1er décembre 2026`."""
    if value is None:
        return DASH
    style = _style(language)
    number = "1er" if language == "fr" and value.day == 1 else str(value.day)
    return f"{number} {style.months[value.month - 1]} {value.year}"


def day_short(value: datetime | None, language: str) -> str:
    """A day of the month, for the axis of a chart: `21 Nov`, `21 nov.`."""
    if value is None:
        return DASH
    return f"{value.day}{_NBSP}{_style(language).months_short[value.month - 1]}"


def moment(value: datetime | None, language: str) -> str:
    """A moment in UTC to the minute: `21 November 2026, 06:00 UTC`."""
    if value is None:
        return DASH
    at = _style(language).at
    return f"{day_long(value, language)}{at}{value:%H:%M}{_NBSP}UTC"


def short_key(node_id: str | None) -> str:
    """The start and end of a node key: `03864ef025…e6c4`; whole if it is short already."""
    if not node_id:
        return DASH
    if len(node_id) <= _KEY_HEAD + _KEY_TAIL + 1:
        return node_id
    return f"{node_id[:_KEY_HEAD]}…{node_id[-_KEY_TAIL:]}"
