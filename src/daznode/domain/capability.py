"""What a node backend can do, and how a change of a policy ended."""

from dataclasses import dataclass
from enum import StrEnum


class Capability(StrEnum):
    """Something that not every backend can do."""

    FORWARDS = "forwards"
    FAILURES_IN_HISTORY = "failures_in_history"
    FAILURES_IN_EVENTS = "failures_in_events"
    OWN_PAYMENTS = "own_payments"
    VITALS = "vitals"
    GRAPH = "graph"
    EVENTS = "events"
    MISSION_CONTROL = "mission_control"
    BACKUP_EXPORT = "backup_export"
    BACKUP_VERIFY = "backup_verify"
    WRITE_POLICY = "write_policy"
    MINT_CREDENTIALS = "mint_credentials"


class PolicyField(StrEnum):
    """A field of a `ChannelPolicy`, named as there."""

    BASE_FEE = "base_fee_msat"
    FEE_PPM = "fee_ppm"
    INBOUND_BASE_FEE = "inbound_base_fee_msat"
    INBOUND_FEE_PPM = "inbound_fee_ppm"
    CLTV_DELTA = "cltv_delta"
    HTLC_MINIMUM = "htlc_minimum_msat"
    HTLC_MAXIMUM = "htlc_maximum_msat"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What one backend of one version can do.

    Attributes:
        backend: `lnd`, `cln`, `lnbits` or `simulated`.
        can: What it can do.
        sets: Fields of a policy that a write can choose.
        disturbs: Fields that a write changes without being able to choose them: what they were
            cannot be restored, so a change that would touch them is refused.
    """

    backend: str
    can: frozenset[Capability]
    sets: frozenset[PolicyField] = frozenset()
    disturbs: frozenset[PolicyField] = frozenset()


@dataclass(frozen=True, slots=True)
class Applied:
    """The node says that the policy holds now; reading it back is the proof."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was changed.

    Attributes:
        reason: Why, in one line.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """The write may have arrived or not: what holds now must be read back.

    Attributes:
        reason: What went wrong, in one line.
    """

    reason: str


WriteOutcome = Applied | Refused | Unknown
"""How a change of a policy ended; a value, since each is to be expected."""
