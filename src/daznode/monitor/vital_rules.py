"""Checks of what surrounds the channels: backup, HTLCs in flight, closes, on-chain reserve."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from daznode.domain.finding import Finding
from daznode.domain.ids import format_scid
from daznode.domain.node_view import DayStatus
from daznode.domain.report import Severity
from daznode.domain.units import MSAT_PER_SAT
from daznode.monitor.params import MonitorParams


def backup_gap(status: DayStatus, params: MonitorParams) -> Iterator[Finding]:
    """Open channels that no kept backup covers, or a backup that is old."""
    own = status.own
    if own is None or own.backup is None:
        return
    backup = own.backup
    uncovered = tuple(format_scid(scid) for scid in backup.uncovered)
    if backup.exported_at is None:
        yield Finding(
            "backup_gap",
            Severity.CRITICAL,
            {"channels_count": len(uncovered)},
            uncovered,
            variant="none",
        )
        return
    if uncovered:
        yield Finding(
            "backup_gap",
            Severity.CRITICAL,
            {
                "channels_count": len(uncovered),
                "of_count": len(own.observation.channels),
            },
            uncovered,
            variant="uncovered",
        )
    age = own.until - backup.exported_at
    if age > timedelta(hours=params.backup_hours):
        yield Finding(
            "backup_gap",
            Severity.WARNING,
            {
                "age_hours_count": age // timedelta(hours=1),
                "limit_hours_count": params.backup_hours,
            },
            variant="old",
        )


def htlc_expiry(status: DayStatus, params: MonitorParams) -> Iterator[Finding]:
    """HTLCs in flight that time out on chain soon: then the channel is closed by force."""
    if status.own is None or status.own.vitals is None:
        return
    vitals = status.own.vitals
    near = [
        htlc
        for htlc in vitals.htlcs
        if htlc.expiry_height - vitals.block_height <= params.htlc_warning_blocks
    ]
    if not near:
        return
    left_blocks = max(0, near[0].expiry_height - vitals.block_height)
    is_critical = left_blocks <= params.htlc_critical_blocks
    yield Finding(
        "htlc_expiry",
        Severity.CRITICAL if is_critical else Severity.WARNING,
        {
            "htlcs_count": len(near),
            "left_count": left_blocks,
            "amount_sats": sum(htlc.amount_msat for htlc in near) // MSAT_PER_SAT,
            "limit_count": params.htlc_warning_blocks,
        },
        tuple(dict.fromkeys(format_scid(htlc.scid) for htlc in near)),
    )


def pending_force_close(status: DayStatus, params: MonitorParams) -> Iterator[Finding]:
    """Channels that the chain is closing, with funds that are not spendable yet."""
    del params
    if status.own is None or status.own.vitals is None:
        return
    forced = [close for close in status.own.vitals.closing if close.kind.is_forced]
    if not forced:
        return
    figures = {
        "channels_count": len(forced),
        "limbo_sats": sum(close.limbo_sat for close in forced),
    }
    left = [close.blocks_left for close in forced if close.blocks_left is not None]
    if left:
        figures["left_count"] = max(left)
    yield Finding(
        "pending_force_close",
        Severity.WARNING,
        dict(figures),
        variant="counting" if left else "",
    )


def anchor_reserve(status: DayStatus, params: MonitorParams) -> Iterator[Finding]:
    """Less on chain than the backend wants for the fee bumps of anchor channels."""
    del params
    if status.own is None or status.own.vitals is None or status.own.vitals.wallet is None:
        return
    wallet = status.own.vitals.wallet
    held_sat = wallet.confirmed_sat + wallet.unconfirmed_sat
    if wallet.anchor_reserve_sat is not None and held_sat < wallet.anchor_reserve_sat:
        yield Finding(
            "anchor_reserve",
            Severity.WARNING,
            {"held_sats": held_sat, "reserve_sats": int(wallet.anchor_reserve_sat)},
        )


VITAL_RULES: Final = (backup_gap, htlc_expiry, pending_force_close, anchor_reserve)
