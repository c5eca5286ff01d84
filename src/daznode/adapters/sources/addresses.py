"""Address descriptors of node announcements (BOLT 7) to the kinds of addresses a node has."""

from typing import Final

from daznode.domain.gossip import AddressKind

_KINDS: Final = {
    1: (AddressKind.IPV4, 6),
    2: (AddressKind.IPV6, 18),
    3: (AddressKind.TOR, 12),
    4: (AddressKind.TOR, 37),
}
_DNS: Final = 5


def kinds_of(descriptors: memoryview) -> AddressKind:
    """Kinds of the addresses in a list of descriptors.

    An unknown descriptor ends the list, since nobody can say how long it is (BOLT 7).
    """
    kinds, at = AddressKind.NONE, 0
    while at < len(descriptors):
        sort = descriptors[at]
        if sort == _DNS and at + 1 < len(descriptors):
            kind, length = AddressKind.DNS, 1 + descriptors[at + 1] + 2
        elif sort in _KINDS:
            kind, length = _KINDS[sort]
        else:
            break
        if at + 1 + length > len(descriptors):
            break
        kinds |= kind
        at += 1 + length
    return kinds
