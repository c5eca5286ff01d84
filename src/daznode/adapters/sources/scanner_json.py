"""JSON for the scanner: strict compiled kernels that step over values and read integers.

The text is followed by `streams.PADDING_BYTES` zero bytes, more than any look-ahead, and no loop
steps over a zero byte: nothing is read past the buffer. Kernels return the offset after what they
read, or `~offset` (negative) where they gave up.

numba's cache looks at the file of the outermost kernel only: after a change here, `scanner.py`
must be touched too, or its cached code goes on being used.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, cast

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

_MAX_DEPTH: Final = 60
_MAX_DIGITS: Final = 20

QUOTE, BACKSLASH, COMMA, COLON = 34, 92, 44, 58
OBJECT, OBJECT_END, LIST, LIST_END = 123, 125, 91, 93
MINUS, PLUS, DOT, ZERO, NINE, SPACE = 45, 43, 46, 48, 57, 32
LOWER_A, LOWER_E, LOWER_F, LOWER_I, LOWER_L, LOWER_N = 97, 101, 102, 105, 108, 110
LOWER_O, LOWER_R, LOWER_S, LOWER_T, LOWER_U = 111, 114, 115, 116, 117
ONES = np.uint64(0x0101010101010101)
HIGHS = np.uint64(0x8080808080808080)
SPACES = ONES * np.uint64(SPACE)
QUOTES = ONES * np.uint64(QUOTE)
BACKSLASHES = ONES * np.uint64(BACKSLASH)
NONE, ONE, FOUR, TEN = np.uint64(0), np.uint64(1), np.uint64(4), np.uint64(10)
INT64_MAX = np.uint64(2**63 - 1)
TENTH, LAST_DIGIT = np.uint64((2**64 - 1) // 10), np.uint64((2**64 - 1) % 10)

NOT_HEX = np.uint8(255)
NIBBLES = np.full(256, NOT_HEX)
for _digit, _hex in enumerate("0123456789abcdef"):
    NIBBLES[ord(_hex)] = NIBBLES[ord(_hex.upper())] = _digit


OPTIONS: Final[dict[str, Any]] = {
    "cache": True,
    "nogil": True,
    "error_model": "numpy",
    # Kernels own no memory: counting references to their arrays at each call is half their time.
    "_nrt": False,
}
"""How all kernels are compiled."""

# Kernels called by kernels only need no door to Python; leaving it out halves their compilation.
inner: Any = numba.njit(  # type: ignore[call-overload]
    **OPTIONS, no_cpython_wrapper=True, no_cfunc_wrapper=True
)


@intrinsic
def _byte_at(context: Any, b: Any, i: Any) -> tuple[Any, Callable[..., Any]]:  # noqa: ANN401
    """The byte at an offset, without numba's care for negative ones."""
    del context, i

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:  # noqa: ANN401
        array = context.make_array(signature.args[0])(context, builder, values[0])
        return builder.load(builder.gep(array.data, [values[1]]))

    return types.uint8(b, types.intp), generate


@intrinsic
def _word_at(context: Any, b: Any, i: Any) -> tuple[Any, Callable[..., Any]]:  # noqa: ANN401
    """The 8 bytes from an offset on, the first one lowest, at any alignment."""
    del context, i

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:  # noqa: ANN401
        array = context.make_array(signature.args[0])(context, builder, values[0])
        at = builder.gep(array.data, [values[1]])
        word = builder.load(builder.bitcast(at, ir.IntType(64).as_pointer()))
        word.align = 1
        return word

    return types.uint64(b, types.intp), generate


@intrinsic
def _low_bytes(context: Any, word: Any) -> tuple[Any, Callable[..., Any]]:  # noqa: ANN401
    """How many whole bytes of a word are zero below its lowest set bit; 8 if none is set."""
    del context, word

    def generate(_: Any, builder: Any, __: Any, values: Any) -> Any:  # noqa: ANN401
        zeros = builder.cttz(values[0], ir.Constant(ir.IntType(1), 0))
        return builder.lshr(zeros, ir.Constant(ir.IntType(64), 3))

    return types.int64(types.uint64), generate


# numba's decorator hides what the kernels see.
byte_at = cast("Callable[[Bytes, int], int]", _byte_at)
word_at = cast("Callable[[Bytes, int], np.uint64]", _word_at)
low_bytes = cast("Callable[[np.uint64], int]", _low_bytes)


def name_table(names: Sequence[str]) -> NDArray[np.uint64]:
    """Names with their closing quotes: length, then words of 8 bytes each with its mask."""
    n_words = max(len(name) for name in names) // 8 + 1
    table = np.zeros((len(names), 1 + 2 * n_words), np.uint64)
    for row, name in zip(table, names, strict=True):
        text = name.encode() + b'"'
        row[0] = len(text)
        row[1 : 1 + n_words] = np.frombuffer(text.ljust(8 * n_words, b"\0"), "<u8")
        row[1 + n_words :] = np.frombuffer((b"\xff" * len(text)).ljust(8 * n_words, b"\0"), "<u8")
    return table


@inner
def skip_blanks(b: Bytes, i: int) -> int:
    """Offset of the next byte that is no JSON blank; runs of spaces by the word."""
    while True:
        c = byte_at(b, i)
        if c > SPACE or (c != 32 and c != 10 and c != 13 and c != 9):
            return i
        i += 1
        other = word_at(b, i) ^ SPACES
        while other == NONE:
            i += 8
            other = word_at(b, i) ^ SPACES
        i += low_bytes(other)


@inner
def skip_plain(b: Bytes, i: int) -> int:
    """Offset of the next quote, backslash, control character or byte that is no ASCII."""
    while True:
        word = word_at(b, i)
        quote = word ^ QUOTES
        backslash = word ^ BACKSLASHES
        # Bytes that are 0 (or below 32) borrow into their high bit; a borrow that runs on marks
        # later bytes wrongly, but only the first mark counts.
        marks = (quote - ONES) & ~quote | (backslash - ONES) & ~backslash
        marks = (marks | (word - SPACES) & ~word | word) & HIGHS
        if marks != NONE:
            return i + low_bytes(marks)
        i += 8


@inner
def skip_utf8(b: Bytes, i: int) -> int:
    """Step over one character of two to four bytes (RFC 3629, section 4)."""
    lead, second = byte_at(b, i), byte_at(b, i + 1)
    low, high = 0x80, 0xBF
    if lead == 0xE0:
        low = 0xA0
    elif lead == 0xED:
        high = 0x9F
    elif lead == 0xF0:
        low = 0x90
    elif lead == 0xF4:
        high = 0x8F
    if second < low or second > high:
        return ~i
    if 0xC2 <= lead <= 0xDF:
        return i + 2
    if byte_at(b, i + 2) & 0xC0 != 0x80:
        return ~i
    if 0xE0 <= lead <= 0xEF:
        return i + 3
    return i + 4 if byte_at(b, i + 3) & 0xC0 == 0x80 and 0xF0 <= lead <= 0xF4 else ~i


@inner
def skip_string_rest(b: Bytes, i: int) -> int:
    """Step over the rest of a string from a byte that needs a look."""
    while True:
        c = byte_at(b, i)
        if c == QUOTE:
            return i + 1
        if c >= 0x80:
            i = skip_utf8(b, i)
            if i < 0:
                return i
        elif c == BACKSLASH:
            c = byte_at(b, i + 1)
            if c == LOWER_U:
                for k in range(2, 6):
                    if NIBBLES[byte_at(b, i + k)] == NOT_HEX:
                        return ~i
                i += 6
            elif c in (34, 92, 47, 98, 102, 110, 114, 116):  # " \ / b f n r t
                i += 2
            else:
                return ~i
        else:
            return ~i
        i = skip_plain(b, i)


@inner
def skip_string(b: Bytes, i: int) -> int:
    """Step over a string, `i` at its opening quote."""
    i = skip_plain(b, i + 1)
    return i + 1 if byte_at(b, i) == QUOTE else skip_string_rest(b, i)


@inner
def skip_scalar(b: Bytes, i: int) -> int:
    """Step over a whole number, `true`, `false` or `null`."""
    c = byte_at(b, i)
    if c == LOWER_T:
        return (
            i + 4
            if byte_at(b, i + 1) == LOWER_R
            and byte_at(b, i + 2) == LOWER_U
            and byte_at(b, i + 3) == LOWER_E
            else ~i
        )
    if c == LOWER_N:
        return (
            i + 4
            if byte_at(b, i + 1) == LOWER_U
            and byte_at(b, i + 2) == LOWER_L
            and byte_at(b, i + 3) == LOWER_L
            else ~i
        )
    if c == LOWER_F:
        is_word = (
            byte_at(b, i + 1) == LOWER_A
            and byte_at(b, i + 2) == LOWER_L
            and byte_at(b, i + 3) == LOWER_S
            and byte_at(b, i + 4) == LOWER_E
        )
        return i + 5 if is_word else ~i
    if c == MINUS:
        i += 1
    first = i
    while ZERO <= byte_at(b, i) <= NINE:
        i += 1
    if i == first or (byte_at(b, first) == ZERO and i > first + 1):
        return ~i
    # LND prints no fractions and no exponents.
    return ~i if byte_at(b, i) == DOT or byte_at(b, i) | 32 == LOWER_E else i


@inner
def skip_colon(b: Bytes, i: int) -> int:
    """Step over the colon after a name and the blanks around it."""
    if byte_at(b, i) != COLON:
        i = skip_blanks(b, i)
        if byte_at(b, i) != COLON:
            return ~i
    return skip_blanks(b, i + 1)


@inner
def skip_member(b: Bytes, i: int) -> int:
    """Step over any name and its colon."""
    if byte_at(b, i) != QUOTE:
        return ~i
    i = skip_string(b, i)
    return skip_colon(b, i) if i >= 0 else i


@inner
def skip_value(b: Bytes, i: int) -> int:
    """Step over any value and check all of it; the nesting is held as bits, 1 for an object."""
    depth = 0
    kinds = NONE
    while True:
        c = byte_at(b, i)
        is_open = False
        if c == QUOTE:
            i = skip_string(b, i)
        elif c == OBJECT or c == LIST:
            if depth == _MAX_DEPTH:
                return ~i
            i = skip_blanks(b, i + 1)
            if byte_at(b, i) == c + 2:
                i += 1
            else:
                is_open = True
                depth += 1
                kinds = kinds << ONE | (ONE if c == OBJECT else NONE)
                if c == OBJECT:
                    i = skip_member(b, i)
        else:
            i = skip_scalar(b, i)
        if i < 0:
            return i
        while not is_open:
            if depth == 0:
                return i
            i = skip_blanks(b, i)
            c = byte_at(b, i)
            is_object = kinds & ONE == ONE
            if c == COMMA:
                is_open = True
                i = skip_blanks(b, i + 1)
                if is_object:
                    i = skip_member(b, i)
                    if i < 0:
                        return i
            elif c == (OBJECT_END if is_object else LIST_END):
                i += 1
                depth -= 1
                kinds >>= ONE
            else:
                return ~i


@inner
def read_number(b: Bytes, i: int) -> tuple[int, np.uint64, int]:
    """An integer as a number or in quotes: its size (2^64-1 at most) and its sign, 0 if over."""
    is_quoted = byte_at(b, i) == QUOTE
    if is_quoted:
        i += 1
    sign = -1 if byte_at(b, i) == MINUS else 1
    if sign < 0:
        i += 1
    first = i
    size = NONE
    while ZERO <= byte_at(b, i) <= NINE and i - first <= _MAX_DIGITS:
        digit = np.uint64(byte_at(b, i) - ZERO)
        if i - first == _MAX_DIGITS - 1 and (
            size > TENTH or (size == TENTH and digit > LAST_DIGIT)
        ):
            sign = 2 * sign
        size = size * TEN + digit
        i += 1
    n_digits = i - first
    is_whole = 0 < n_digits <= _MAX_DIGITS and (n_digits == 1 or byte_at(b, first) != ZERO)
    if is_quoted:
        is_whole = is_whole and byte_at(b, i) == QUOTE
        i += 1
    # LOWER_A fraction or an exponent may be a whole number too: the exact reader will say.
    elif byte_at(b, i) == DOT or byte_at(b, i) | 32 == LOWER_E:
        is_whole = False
    return i if is_whole else ~i, size, sign


@inner
def read_integer(b: Bytes, i: int) -> tuple[int, int | np.int64]:
    """An integer clamped to 64 bits; `null` is 0."""
    if byte_at(b, i) == LOWER_N:
        return skip_scalar(b, i), 0
    i, size, sign = read_number(b, i)
    if size > INT64_MAX or sign > 1 or sign < -1:
        largest = np.int64(INT64_MAX)
        return i, largest if sign > 0 else -largest - 1
    return i, np.int64(size) if sign > 0 else -np.int64(size)


@inner
def find_name(b: Bytes, i: int, names: NDArray[np.uint64], guess: int) -> int:
    """Which of the known names stands at the quote `i`, the guess tried first; -1 if none."""
    n_names = names.shape[0]
    n_words = names.shape[1] // 2
    row = guess
    for _ in range(n_names):
        if row >= n_names:
            row = 0
        k = 0
        while (
            k < n_words
            and (word_at(b, i + 1 + 8 * k) ^ names[row, 1 + k]) & names[row, 1 + n_words + k]
            == NONE
        ):
            k += 1
        if k == n_words:
            return row
        row += 1
    return -1


@inner
def after_name(b: Bytes, i: int, names: NDArray[np.uint64], row: int) -> int:
    """Offset of the value after a name; an unknown one must be plain, or it might be known."""
    if row >= 0:
        return skip_colon(b, i + 1 + np.int64(names[row, 0]))
    i = skip_plain(b, i + 1)
    return skip_colon(b, i + 1) if byte_at(b, i) == QUOTE else ~i


@inner
def enter_object(b: Bytes, i: int) -> int:
    """Into an object: offset of the first name's quote, or of the closing brace."""
    if byte_at(b, i) != OBJECT:
        return ~i
    i = skip_blanks(b, i + 1)
    return i if byte_at(b, i) == QUOTE or byte_at(b, i) == OBJECT_END else ~i


@inner
def next_member(b: Bytes, i: int) -> int:
    """After a value: offset of the next name's quote, or of the closing brace."""
    if i < 0:
        return i
    i = skip_blanks(b, i)
    if byte_at(b, i) == COMMA:
        i = skip_blanks(b, i + 1)
        return i if byte_at(b, i) == QUOTE else ~i
    return i if byte_at(b, i) == OBJECT_END else ~i
