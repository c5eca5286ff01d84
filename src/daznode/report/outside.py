"""What public services said, as figures of the report and as its sources."""

from datetime import datetime
from typing import Final

from daznode.domain.outside import OnchainFigures, OutsideEntry, OutsideFigures
from daznode.domain.provenance import Reality, SourceReport, SourceStatus
from daznode.domain.public_data import OnchainFees, PublicDay, PublicReading
from daznode.report.wording import Wording

_GIVES: Final = {
    "mempool": ("outside.onchain", "outside.network_channels", "outside.entries"),
    "amboss": ("outside.entries",),
    "sparkseer": ("outside.entries",),
}


def outside_figures(public: PublicDay | None) -> OutsideFigures | None:
    """The figures; None if nobody was asked."""
    if public is None:
        return None
    network = public.network
    return OutsideFigures(
        onchain=None if public.fees is None else _onchain(public.fees),
        entries=tuple(
            OutsideEntry(
                source=one.source,
                observed_at=one.observed_at,
                channels=one.channels,
                capacity_sats=one.capacity_sat,
                capacity_rank=one.capacity_rank,
                channels_rank=one.channels_rank,
                uptime_month_ratio=one.uptime_month_ratio,
                first_seen_at=one.first_seen_at,
            )
            for one in public.directory
        ),
        network_channels=None if network is None else network.channels,
        network_capacity_sats=None if network is None else network.capacity_sat,
        network_source=None if network is None else network.source,
    )


def outside_sources(
    public: PublicDay | None, until: datetime, wording: Wording
) -> tuple[SourceReport, ...]:
    """A line for every service that was asked, and one for what none of them could say.

    Args:
        public: What they said; None if nobody was asked.
        until: End of the report's 24 hours, UTC.
        wording: Of the report.
    """
    if public is None:
        return (_nobody(wording.source("public_none"), ("outside",)),)
    told = tuple(_source(one, until) for one in public.readings)
    unsaid = []
    if public.fees is None:
        unsaid.append("outside.onchain")
    if public.network is None:
        unsaid.append("outside.network_channels")
    if not public.directory:
        unsaid.append("outside.entries")
    rest = tuple(field for field in unsaid if not any(field in one.missing for one in told))
    return (*told, _nobody(wording.source("public_unsaid"), rest)) if rest else told


def _nobody(error: str, missing: tuple[str, ...]) -> SourceReport:
    return SourceReport(
        name="public_services",
        status=SourceStatus.UNAVAILABLE,
        reality=Reality.REAL,
        detail="",
        observed_at=None,
        age_seconds=None,
        error=error,
        missing=missing,
    )


def _source(reading: PublicReading, until: datetime) -> SourceReport:
    status = SourceStatus.OK
    if reading.observed_at is None:
        status = SourceStatus.UNAVAILABLE
    elif reading.error is not None:
        status = SourceStatus.STALE
    return SourceReport(
        name=reading.source,
        status=status,
        reality=Reality.REAL,
        detail="",
        observed_at=reading.observed_at,
        age_seconds=None
        if reading.observed_at is None
        else max(0, int((until - reading.observed_at).total_seconds())),
        error=reading.error,
        missing=_GIVES.get(reading.source, ()) if status is SourceStatus.UNAVAILABLE else (),
    )


def _onchain(fees: OnchainFees) -> OnchainFigures:
    return OnchainFigures(
        source=fees.source,
        observed_at=fees.observed_at,
        next_block_sat_per_vb=fees.next_block,
        hour_sat_per_vb=fees.hour,
        economy_sat_per_vb=fees.economy,
        open_next_block_sats=fees.open_sat(fees.next_block),
        open_economy_sats=fees.open_sat(fees.economy),
    )
