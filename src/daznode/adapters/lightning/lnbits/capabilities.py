"""What LNbits cannot do as a node backend, or would disturb, and the words to refuse it with."""

from typing import Final, NoReturn

from daznode.domain.capability import Capabilities, PolicyField
from daznode.domain.errors import CapabilityMissing

CAPABILITIES: Final = Capabilities(
    backend="lnbits",
    can=frozenset(),
    sets=frozenset({PolicyField.BASE_FEE, PolicyField.FEE_PPM}),
    disturbs=frozenset({PolicyField.CLTV_DELTA}),
)
"""Full policy writes are not among what it can do: it neither reads nor sets most of a policy."""

LND_CLTV_DELTA: Final = 80
"""What LNbits over LND sets `time_lock_delta` to with every change of fees (`lnbits/nodes/lndrest.py`)."""

MISSING: Final = {
    "forwarding history": "LNbits tells of no forwards; connect the node itself for what it earned",
    "failed HTLCs": "LNbits tells of no failed HTLCs; connect the node itself",
    "cltv_delta": "LNbits neither shows nor sets cltv_delta; connect the node itself",
    "inbound fees": "LNbits neither shows nor sets inbound fees; connect the node itself",
    "HTLC limits": "LNbits neither shows nor sets the smallest and largest HTLC; connect the node itself",
    "network graph": "LNbits gives no graph of the network; import one, or connect the node itself",
    "channel backup": "LNbits exports no channel backup; connect the node itself",
    "mission control": "LNbits tells nothing of mission control; connect the node itself",
    "node rank": "LNbits would ask 1ml.com; daznode computes ranks itself: daznode rankings",
}
"""By what is asked for: why it is refused, and what to do."""


def refuse(what: str) -> NoReturn:
    """Refuse something of `MISSING`.

    Raises:
        CapabilityMissing: Always.
    """
    message = f"{what}: {MISSING[what]}"
    raise CapabilityMissing(message)


def refuse_disturbance(known_cltv_delta: int | None) -> None:
    """Whether a change of fees over LND leaves `cltv_delta` as it is.

    Args:
        known_cltv_delta: What the channel's policy says now, read elsewhere (the gossip, the node
            itself); None if it is not known.

    Raises:
        CapabilityMissing: It would change, and could not be put back.
    """
    if known_cltv_delta == LND_CLTV_DELTA:
        return
    now = "not known" if known_cltv_delta is None else str(known_cltv_delta)
    message = (
        f"fees over LNbits: every change sets cltv_delta to {LND_CLTV_DELTA} on LND, and the "
        f"channel's is {now}; LNbits could not put it back, so connect the node itself"
    )
    raise CapabilityMissing(message)
