"""What the peers of the simulated node want: their share of all that is paid, by their kind."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from daznode.simulate.payments.demand import Roles
from daznode.simulate.payments.network import FloatArray, IntArray
from daznode.simulate.world.kinds import PeerKind


def with_peers(roles: Roles, places: IntArray, kinds: Sequence[PeerKind]) -> Roles:
    """Roles in which the peers are what their kinds say.

    Args:
        roles: Of all nodes.
        places: Place of each peer in the network, shape (n_peers,).
        kinds: Kind of each peer; one without a role stays what it is.
    """
    has_role = np.array([one.role is not None for one in kinds], np.bool_)
    given = [one for one in kinds if one.role is not None]
    at = places[has_role]
    kind = roles.kind.copy()
    kind[at] = np.array([one.role for one in given], np.int64)
    return replace(
        roles,
        kind=kind,
        pays=_shared(roles.pays, kind, at, np.array([one.pays for one in given])),
        is_paid=_shared(roles.is_paid, kind, at, np.array([one.is_paid for one in given])),
    )


def _shared(weight: FloatArray, kind: IntArray, at: IntArray, share: FloatArray) -> FloatArray:
    """Weights with which each peer has its share of what its role has."""
    weight = weight.copy()
    weight[at] = 0.0
    for role in np.unique(kind[at]).tolist():
        ours = kind[at] == role
        others = float(weight[kind == role].sum()) or 1.0
        weight[at[ours]] = share[ours] / (1.0 - float(share[ours].sum())) * others
    return weight
