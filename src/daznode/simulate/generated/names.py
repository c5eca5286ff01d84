"""Who the nodes of a generated network are: keys on the curve, invented names, kinds of addresses."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from daznode.domain.gossip import AddressKind
from daznode.domain.ids import FIELD_PRIME, KEY_BYTES, is_curve_point

_Point = tuple[int, int]

_X_BYTES: Final = 32
_ROOT_EXPONENT: Final = (FIELD_PRIME + 1) // 4
"""The prime is 3 modulo 4: raising a square to this power gives its root."""

_HEX_ALIAS_BYTES: Final = 10

_UNANNOUNCED_RATIO: Final = 0.065
_TOR_ONLY_RATIO: Final = 0.77
_CLEARNET_RATIO: Final = 0.18
"""Of announced nodes: 11,455 Tor only, 2,644 clearnet only, 722 both, 1,030 unannounced in
mempool.space's statistics of 2022-08-30, the newest row with this split that we hold."""

_EMPTY_ALIAS_RATIO: Final = 0.012
_HEX_ALIAS_RATIO: Final = 0.087
"""Empty aliases and LND's default (the key's first 20 characters) in the network of 2019-03-09."""

_NUMBERED_RATIO: Final = 0.25
_IPV6_RATIO: Final = 0.2

_FIRST_WORDS: Final = (
    *("Amber", "Basalt", "Calm", "Distant", "Early", "Faded", "Golden", "Hollow", "Idle", "Jade"),
    *("Keen", "Lunar", "Misty", "Northern", "Old", "Patient", "Quiet", "Rusty", "Silent", "Tidy"),
    *("Umber", "Velvet", "Windy", "Young", "Zürich", "Överkalix", "Żółta", "Élan", "北の", "Тихий"),
)
_SECOND_WORDS: Final = (
    *("Anchor", "Bakery", "Canal", "Dynamo", "Estuary", "Foundry", "Garden", "Harbour", "Inlet"),
    *("Junction", "Kiosk", "Lantern", "Meadow", "Nook", "Orchard", "Pier", "Quarry", "Relay"),
    *("Switch", "Tram", "Uplink", "Valley", "Workshop", "Yard", "Zephyr", "Näthub", "灯台", "Мост"),
)
_MARKS: Final = (
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    " ⚡",
    " 🐢",
    " 🛠️",
    " 🌊",
    " ₿",
)


def node_keys(count: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Distinct compressed points of secp256k1 that nobody holds a secret for, ascending.

    Two random points are found, then multiples of the second are added to the first, all sums of a
    round sharing one modular inversion (Montgomery's trick): some ten times faster than testing
    random x coordinates one by one.

    Args:
        count: How many, >= 0.
        rng: Source of chance.

    Returns:
        Keys, shape (count, 33), uint8, strictly ascending as bytes.

    References:
        SEC 1, section 2.2.1 (addition of points); SEC 2, section 2.4.1 (the curve).
    """
    points = [_random_point(rng)]
    step = _random_point(rng)
    while len(points) < count:
        points += _shifted(points[: count - len(points)], step)
        step = _doubled(step)
    keys = sorted(bytes((2 + (y & 1),)) + x.to_bytes(_X_BYTES, "big") for x, y in points[:count])
    return np.frombuffer(b"".join(keys), dtype=np.uint8).reshape(count, KEY_BYTES).copy()


def _random_point(rng: np.random.Generator) -> _Point:
    while True:
        x = int.from_bytes(rng.bytes(_X_BYTES), "big")
        if is_curve_point(b"\x02" + x.to_bytes(_X_BYTES, "big")):
            return x, pow((pow(x, 3, FIELD_PRIME) + 7) % FIELD_PRIME, _ROOT_EXPONENT, FIELD_PRIME)


def _doubled(point: _Point) -> _Point:
    x, y = point
    slope = 3 * x * x * pow(2 * y, -1, FIELD_PRIME) % FIELD_PRIME
    new_x = (slope * slope - 2 * x) % FIELD_PRIME
    return new_x, (slope * (x - new_x) - y) % FIELD_PRIME


def _shifted(points: list[_Point], step: _Point) -> list[_Point]:
    """Each point plus `step`."""
    products = [1]
    for x, _ in points:
        products.append(products[-1] * (step[0] - x) % FIELD_PRIME)
    inverse = pow(products[-1], -1, FIELD_PRIME)
    sums = []
    for (x, y), before in zip(reversed(points), reversed(products[:-1]), strict=True):
        slope = (step[1] - y) * inverse * before % FIELD_PRIME
        inverse = inverse * (step[0] - x) % FIELD_PRIME
        new_x = (slope * slope - x - step[0]) % FIELD_PRIME
        sums.append((new_x, (slope * (x - new_x) - y) % FIELD_PRIME))
    return sums


def aliases(keys: NDArray[np.uint8], rng: np.random.Generator) -> tuple[str, ...]:
    """Invented names; some are the default of LND, some are empty, some are in other scripts.

    Args:
        keys: Keys of the nodes, shape (n, 33), uint8.
        rng: Source of chance.

    Returns:
        n names; not all are distinct, as on the real network.
    """
    count = len(keys)
    chance = rng.random(count)
    first = rng.integers(0, len(_FIRST_WORDS), count)
    second = rng.integers(0, len(_SECOND_WORDS), count)
    marks = rng.integers(0, len(_MARKS), count)
    numbers = rng.integers(0, 100, count)
    has_number = rng.random(count) < _NUMBERED_RATIO
    names = []
    for row in range(count):
        if chance[row] < _EMPTY_ALIAS_RATIO:
            names.append("")
        elif chance[row] < _EMPTY_ALIAS_RATIO + _HEX_ALIAS_RATIO:
            names.append(keys[row, :_HEX_ALIAS_BYTES].tobytes().hex())
        else:
            number = f" {numbers[row]}" if has_number[row] else ""
            words = f"{_FIRST_WORDS[first[row]]} {_SECOND_WORDS[second[row]]}"
            names.append(f"{words}{number}{_MARKS[marks[row]]}")
    return tuple(names)


def addresses(size_rank: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Kinds of addresses; the larger a node, the likelier it can be reached without Tor.

    Args:
        size_rank: Rank of each node by channels over the number of nodes, shape (n,), in [0, 1],
            1 is the largest.
        rng: Source of chance.

    Returns:
        `AddressKind` flags, shape (n,), uint8; `NONE` for nodes that never announced themselves.
    """
    count = len(size_rank)
    # Averages to 1 over all ranks, so that the shares of the whole network are kept.
    tilt = 0.4 + 1.2 * size_rank
    chance = rng.random(count)
    clear = chance < _CLEARNET_RATIO * tilt
    both = ~clear & (chance > 1.0 - (1.0 - _TOR_ONLY_RATIO - _CLEARNET_RATIO) * tilt)
    kinds = np.full(count, AddressKind.TOR, dtype=np.uint8)
    kinds[clear] = AddressKind.IPV4
    kinds[both] = AddressKind.IPV4 | AddressKind.TOR
    has_ipv6 = (clear | both) & (rng.random(count) < _IPV6_RATIO)
    kinds[has_ipv6] |= np.uint8(AddressKind.IPV6)
    is_unannounced = rng.random(count) < _UNANNOUNCED_RATIO * (2.0 - tilt)
    kinds[is_unannounced] = AddressKind.NONE
    return kinds
