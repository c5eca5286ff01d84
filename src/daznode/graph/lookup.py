"""A node by what a person types: its key, or its announced name."""

import difflib
from collections.abc import Iterator
from typing import Final

import numpy as np

from daznode.domain.errors import AmbiguousNode, NodeNotFound
from daznode.domain.gossip import GraphSnapshot
from daznode.domain.ids import looks_like_node_id, parse_node_id

SHORTEST_PIECE: Final = 3
"""Shorter texts stand in so many names that a part of a name is no longer an answer."""

LONGEST_ALIAS_BYTES: Final = 32
"""Room of an alias in a node announcement (BOLT 7, "The node_announcement Message")."""

SHORTEST_HEX_KEY: Final = 21
"""LND names a node by the first 20 characters of its key, so only a longer text of hex characters
can be a key with characters missing."""

_HEX: Final = frozenset("0123456789abcdefABCDEF")
_NAMED_CANDIDATES: Final = 5
_HINTS: Final = 3


def resolve_node(snapshot: GraphSnapshot, text: str) -> int:
    """Place of the node that a text names.

    A key of 66 hex characters; else the alias exactly; else without regard to case; else a part of
    at least three characters that stands in one alias only.

    Args:
        snapshot: The network.
        text: What was typed; surrounding blanks are ignored.

    Returns:
        Index into the nodes of the snapshot.

    Raises:
        InvalidNodeId: A text meant as a key that is none.
        NodeNotFound: No node has the key or alias; the message names the closest aliases.
        AmbiguousNode: Several nodes have the alias; the best connected stand first.
    """
    wanted = text.strip()
    if looks_like_node_id(wanted):
        return _by_key(snapshot, wanted)
    if wanted:
        place = _by_alias(snapshot, wanted)
        if place is not None:
            return place
    if _meant_as_key(wanted):
        parse_node_id(wanted)
    raise NodeNotFound(_not_found(snapshot, wanted))


def _by_key(snapshot: GraphSnapshot, text: str) -> int:
    node_id = parse_node_id(text)
    place = snapshot.index_of(node_id)
    if place is None:
        message = (
            f"node {node_id}: not in snapshot {snapshot.origin.snapshot_id}; "
            f"expected one of its {snapshot.n_nodes:,} nodes"
        )
        raise NodeNotFound(message)
    return place


def _by_alias(snapshot: GraphSnapshot, wanted: str) -> int | None:
    """Place of the node with that alias; None if there is none."""
    for places in _matches(snapshot.nodes.alias, wanted):
        if len(places) == 1:
            return places[0]
        if places:
            raise _ambiguous(snapshot, wanted, places)
    return None


def _matches(aliases: tuple[str, ...], wanted: str) -> Iterator[list[int]]:
    """Places of the aliases that match, from the strictest rule to the mildest."""
    yield [place for place, alias in enumerate(aliases) if alias == wanted]
    folded = wanted.casefold()
    folded_aliases = [alias.casefold() for alias in aliases]
    yield [place for place, alias in enumerate(folded_aliases) if alias == folded]
    if len(wanted) >= SHORTEST_PIECE:
        yield [place for place, alias in enumerate(folded_aliases) if folded in alias]


def _ambiguous(snapshot: GraphSnapshot, wanted: str, places: list[int]) -> AmbiguousNode:
    channels = snapshot.channels
    n_channels = np.bincount(
        np.concatenate((channels.node1, channels.node2)), minlength=snapshot.n_nodes
    )
    ranked = sorted(places, key=lambda place: (-int(n_channels[place]), place))
    keys = tuple(snapshot.node_hex(place) for place in ranked)
    named = ", ".join(
        f"{key} ({snapshot.nodes.alias[place]!r}, {int(n_channels[place])} channels)"
        for key, place in zip(keys[:_NAMED_CANDIDATES], ranked, strict=False)
    )
    rest = len(keys) - _NAMED_CANDIDATES
    more = f" and {rest} more" if rest > 0 else ""
    message = (
        f"{wanted!r}: {len(keys)} nodes have that in their name; expected one key of {named}{more}"
    )
    return AmbiguousNode(message, keys)


def _meant_as_key(wanted: str) -> bool:
    """Whether a text that is no alias was meant as a key: too long for a name, or hex."""
    if not wanted or len(wanted.encode()) > LONGEST_ALIAS_BYTES:
        return True
    return len(wanted) >= SHORTEST_HEX_KEY and _HEX.issuperset(wanted)


def _not_found(snapshot: GraphSnapshot, wanted: str) -> str:
    by_folded = {alias.casefold(): alias for alias in snapshot.nodes.alias if alias}
    close = difflib.get_close_matches(wanted.casefold(), by_folded, n=_HINTS)
    hint = ", ".join(repr(by_folded[folded]) for folded in close)
    return (
        f"{wanted!r}: no node of that name in snapshot {snapshot.origin.snapshot_id}; "
        f"expected a key of 66 hex characters or an alias{f', for example {hint}' if hint else ''}"
    )
