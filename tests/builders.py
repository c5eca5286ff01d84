"""Values for tests: valid by default, every field overridable by name."""

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np
from coincurve import PrivateKey
from numpy.typing import ArrayLike

from daznode.domain.accounts import Account, NodeChallenge, Role, UserProfile
from daznode.domain.alert import NodeAlert
from daznode.domain.audit import AuditEntry
from daznode.domain.digest import Digest, DigestAdvice, DigestAlert
from daznode.domain.gossip import (
    UNKNOWN_MSAT,
    AddressKind,
    ChannelColumns,
    GraphSnapshot,
    NodeColumns,
    PolicyColumns,
    SnapshotOrigin,
    content_sha256,
)
from daznode.domain.ids import NodeId, ShortChannelId, pack_scid
from daznode.domain.measures import NodeMeasures
from daznode.domain.node_state import (
    ChannelPolicy,
    Forward,
    HtlcFailure,
    NodeActivity,
    NodeIdentity,
    NodeObservation,
    OwnChannel,
    Rebalance,
)
from daznode.domain.outside import OnchainFigures, OutsideEntry, OutsideFigures
from daznode.domain.provenance import Reality, SourceReport, SourceStatus
from daznode.domain.report import (
    CapacityMetrics,
    ChannelMetrics,
    ChannelRow,
    DailyReport,
    EvidenceItem,
    FeeMetrics,
    ForwardingMetrics,
    GenerationStatus,
    Health,
    MarketStanding,
    NetworkMetrics,
    Opportunity,
    Priority,
    Recommendation,
    ReportAlert,
    ReportMetrics,
    ReportSummary,
    Scope,
    Severity,
    Trends,
)
from daznode.domain.runs import ReportJob, Run, RunKind, RunState
from daznode.domain.units import BlockHeight, Msat, Ppm, Sat

DAY = timedelta(days=1)
TODAY = datetime(2025, 11, 20, tzinfo=UTC)
"""Midnight of the day that builders speak of."""
MORNING = TODAY + timedelta(hours=6)
"""When that day's snapshot and observation were made."""


@cache
def a_node_id(number: int = 1) -> NodeId:
    """The public key of a small secret number: always a curve point, always the same."""
    return NodeId(PrivateKey.from_int(number).public_key.format().hex())


def a_scid(number: int = 1) -> ShortChannelId:
    """A short channel id; larger numbers are younger channels."""
    return pack_scid(800_000 + 10 * number, number % 3_000, number % 2)


# --- the public network -----------------------------------------------------------------------


def a_ring(n_nodes: int) -> tuple[tuple[int, int], ...]:
    """Pairs of a ring, one chord and one parallel channel (fewer where there is no room)."""
    pairs = [tuple(sorted((i, (i + 1) % n_nodes))) for i in range(n_nodes if n_nodes > 2 else 0)]
    if n_nodes == 2:
        pairs = [(0, 1)]
    if n_nodes > 3:
        pairs += [(0, n_nodes // 2), (0, 1)]
    return tuple((first, second) for first, second in pairs)


def some_nodes(n_nodes: int, **columns: Any) -> NodeColumns:
    """Nodes with the keys of 1, 2, ..., sorted by key; columns can be given by name."""
    keys = sorted(bytes.fromhex(a_node_id(number)) for number in range(1, n_nodes + 1))
    given: dict[str, Any] = {
        "node_id": np.frombuffer(b"".join(keys), dtype=np.uint8).reshape(n_nodes, 33).copy(),
        "alias": tuple(f"node {index}" for index in range(n_nodes)),
        "last_update": np.full(n_nodes, int(MORNING.timestamp()) - 3_600, dtype=np.int64),
        "address_kinds": np.full(n_nodes, AddressKind.IPV4 | AddressKind.TOR, dtype=np.uint8),
    }
    return NodeColumns(**(given | columns))


def some_policies(n_channels: int, **columns: ArrayLike) -> PolicyColumns:
    """Policies of both sides, all present; columns can be given by name and are broadcast.

    Where `is_present` is given false, the other columns become what the domain asks for.
    """
    defaults: dict[str, ArrayLike] = {
        "is_present": True,
        "is_disabled": False,
        "base_fee_msat": 1_000,
        "fee_ppm": np.stack(
            [np.arange(n_channels) * 10 + 50, np.arange(n_channels) * 5 + 200], axis=0
        ),
        "inbound_base_fee_msat": 0,
        "inbound_fee_ppm": 0,
        "cltv_delta": 80,
        "htlc_minimum_msat": 1_000,
        "htlc_maximum_msat": 990_000_000,
        "last_update": int(MORNING.timestamp()) - 7_200,
    }
    unknown = set(columns) - set(defaults)
    if unknown:
        message = f"no such policy column: {sorted(unknown)}"
        raise TypeError(message)
    shape = (2, n_channels)
    made: dict[str, Any] = {}
    for name, value in (defaults | columns).items():
        dtype = np.bool_ if name.startswith("is_") else np.int64
        made[name] = np.broadcast_to(np.asarray(value, dtype=dtype), shape).copy()
    absent = ~made["is_present"]
    for name, array in made.items():
        if name != "is_present":
            array[absent] = UNKNOWN_MSAT if name == "htlc_maximum_msat" else 0
    return PolicyColumns(**made)


def a_snapshot(
    n_nodes: int = 6,
    pairs: Sequence[tuple[int, int]] | None = None,
    *,
    capacity_sat: ArrayLike = 5_000_000,
    nodes: dict[str, Any] | None = None,
    policies: dict[str, ArrayLike] | None = None,
    **origin: Any,
) -> GraphSnapshot:
    """A network snapshot.

    Args:
        n_nodes: Nodes, sorted by key as the domain asks (so index 0 is not `a_node_id(1)`).
        pairs: Indexes of the two sides of each channel, oldest channel first; a ring if not given.
        capacity_sat: One for all channels, or one each.
        nodes: Node columns by name.
        policies: Policy columns by name; scalars and rows are broadcast to (2, n_channels).
        origin: Fields of the origin by name.
    """
    pairs = a_ring(n_nodes) if pairs is None else pairs
    n_channels = len(pairs)
    ends = np.array(pairs, dtype=np.int32).reshape(n_channels, 2)
    channels = ChannelColumns(
        scid=np.array([a_scid(number) for number in range(1, n_channels + 1)], dtype=np.uint64),
        node1=ends.min(axis=1),
        node2=ends.max(axis=1),
        capacity_sat=np.broadcast_to(np.asarray(capacity_sat, dtype=np.int64), n_channels).copy(),
        policies=some_policies(n_channels, **(policies or {})),
    )
    node_columns = some_nodes(n_nodes, **(nodes or {}))
    given: dict[str, Any] = {
        "kind": "lnd-describegraph",
        "name": "graph.json",
        "content_sha256": content_sha256(node_columns, channels),
        "observed_at": MORNING,
        "observed_at_basis": "given",
        "imported_at": MORNING + timedelta(minutes=5),
        "reality": Reality.REAL,
        "skipped": (("zombie", 2),),
    }
    return GraphSnapshot(
        origin=SnapshotOrigin(**(given | origin)), nodes=node_columns, channels=channels
    )


def some_measures(snapshot: GraphSnapshot, params_hash: str = "a1b2c3d4", **columns: Any) -> Any:
    """Made-up measures of a snapshot's nodes, with unknown entries among them."""
    n_nodes = snapshot.n_nodes
    made: dict[str, Any] = {
        "snapshot_id": snapshot.origin.snapshot_id,
        "params_hash": params_hash,
        "amount_msat": 50_000_000,
    }
    whole = {
        "peers",
        "channels",
        "capacity_sat",
        "fee_reached",
        "fair_capacity_sat",
        "flow_beyond_peers_sat",
        "age_blocks",
    }
    for place, field in enumerate(fields(NodeMeasures)):
        if field.name in made:
            continue
        if field.name in whole:
            made[field.name] = np.arange(n_nodes, dtype=np.int64) + place
        else:
            made[field.name] = np.linspace(0.0, 1.0, n_nodes) / (place + 1)
    made["policy_age_days"][:1] = np.nan
    made["age_blocks"][:1] = -1
    return NodeMeasures(**(made | columns))


def same_columns(one: Any, other: Any) -> bool:
    """Whether two values of a column class are equal: values, types, shapes; NaN equals NaN."""
    for field in fields(one):
        mine, theirs = getattr(one, field.name), getattr(other, field.name)
        if isinstance(mine, np.ndarray):
            same = mine.dtype == theirs.dtype and mine.shape == theirs.shape
            if not same or not np.array_equal(mine, theirs, equal_nan=mine.dtype.kind == "f"):
                return False
        elif hasattr(mine, "__dataclass_fields__"):
            if not same_columns(mine, theirs):
                return False
        elif mine != theirs:
            return False
    return True


# --- the own node -----------------------------------------------------------------------------


def a_policy(**given: Any) -> ChannelPolicy:
    """What one side of a channel asks for."""
    return replace(
        ChannelPolicy(
            base_fee_msat=Msat(1_000),
            fee_ppm=Ppm(250),
            inbound_base_fee_msat=Msat(0),
            inbound_fee_ppm=Ppm(0),
            cltv_delta=80,
            htlc_minimum_msat=Msat(1_000),
            htlc_maximum_msat=Msat(4_950_000_000),
            is_disabled=False,
        ),
        **given,
    )


def a_channel(number: int = 1, **given: Any) -> OwnChannel:
    """A channel of the own node, 5,000,000 sat, 40 % on our side, the peer being node `number + 1`."""
    return replace(
        OwnChannel(
            scid=a_scid(number),
            peer_id=a_node_id(number + 1),
            peer_alias=f"peer {number}",
            capacity_sat=Sat(5_000_000),
            local_msat=Msat(2_000_000_000),
            remote_msat=Msat(3_000_000_000),
            is_active=True,
            is_private=False,
            local_policy=a_policy(),
            remote_policy=a_policy(fee_ppm=Ppm(100)),
            opened_at=TODAY - 200 * DAY,
        ),
        **given,
    )


def an_identity(**given: Any) -> NodeIdentity:
    """The own node: the key of 1, LND, mainnet."""
    return replace(
        NodeIdentity(
            node_id=a_node_id(1),
            alias="our node",
            backend="lnd",
            network="mainnet",
            block_height=BlockHeight(924_000),
            is_synced_to_chain=True,
            is_synced_to_graph=True,
            reality=Reality.REAL,
        ),
        **given,
    )


def an_observation(**given: Any) -> NodeObservation:
    """State of the own node: three channels, one of them not announced, one peer offline."""
    return replace(
        NodeObservation(
            identity=an_identity(),
            observed_at=MORNING,
            channels=(
                a_channel(1),
                a_channel(2, is_active=False),
                a_channel(3, is_private=True, remote_policy=None, opened_at=None),
            ),
            pending_channels=1,
        ),
        **given,
    )


def a_forward(**given: Any) -> Forward:
    """A payment of 100,000 sat relayed in by channel 1 and out by channel 2 for 26 sat."""
    return replace(
        Forward(
            at=TODAY - DAY + timedelta(hours=12),
            scid_in=a_scid(1),
            scid_out=a_scid(2),
            amount_in_msat=Msat(100_026_000),
            amount_out_msat=Msat(100_000_000),
        ),
        **given,
    )


def a_failure(**given: Any) -> HtlcFailure:
    """A payment refused for want of balance in channel 2."""
    return replace(
        HtlcFailure(
            at=TODAY - DAY + timedelta(hours=13),
            scid_in=a_scid(1),
            scid_out=a_scid(2),
            amount_out_msat=Msat(400_000_000),
            missed_fee_msat=Msat(101_000),
            is_local=True,
            reason="insufficient_balance",
        ),
        **given,
    )


def a_rebalance(**given: Any) -> Rebalance:
    """500,000 sat moved from channel 1 to channel 2 for 75 sat."""
    return replace(
        Rebalance(
            at=TODAY - DAY + timedelta(hours=3),
            scid_out=a_scid(1),
            scid_in=a_scid(2),
            amount_msat=Msat(500_000_000),
            fee_msat=Msat(75_000),
        ),
        **given,
    )


def an_activity(**given: Any) -> NodeActivity:
    """A fortnight with one forward, one failure and one rebalance, all on its last day."""
    return replace(
        NodeActivity(
            since=TODAY - 14 * DAY,
            until=TODAY,
            forwards=(a_forward(),),
            failures=(a_failure(),),
            rebalances=(a_rebalance(),),
        ),
        **given,
    )


# --- the report -------------------------------------------------------------------------------


def a_summary(**given: Any) -> ReportSummary:
    """A good score, one warning."""
    return replace(
        ReportSummary(
            overall_score=78.4,
            score_delta_24h=1.2,
            rating="good",
            status=Health.WARNING,
            critical_alerts=0,
            warnings=1,
            capacity_btc=Decimal("0.15000000"),
            channels_count=3,
            forwarding_rate_24h=0.5,
            revenue_sats_24h=26,
            narrative="The node stands better than 78 % of the network. One channel is offline.",
        ),
        **given,
    )


def some_metrics(**given: Any) -> ReportMetrics:
    """Figures of a small node with own data."""
    return replace(
        ReportMetrics(
            capacity=CapacityMetrics(
                total_sats=15_000_000,
                local_balance=6_000_000,
                remote_balance=9_000_000,
                liquidity_ratio=0.4,
                total_sats_delta_24h=0,
            ),
            channels=ChannelMetrics(
                active=2, inactive=1, pending=1, avg_capacity_sats=5_000_000, count_delta_24h=0
            ),
            forwarding=ForwardingMetrics(
                forwards_24h=1,
                forwards_7d=1,
                success_rate_24h=0.5,
                revenue_24h=26,
                revenue_7d=26,
                rebalance_cost_24h=75,
                rebalance_cost_7d=75,
                net_24h=-49,
                net_7d=-49,
                revenue_24h_msat=26_000,
                revenue_7d_msat=26_000,
                net_7d_msat=-49_000,
                volume_24h_sats=100_000,
                volume_7d_sats=100_000,
                failed_24h=1,
                missed_fees_7d_sats=101,
                earned_ppm_7d=260,
                revenue_delta_24h=None,
            ),
            fees=FeeMetrics(
                avg_fee_rate=250,
                min_fee_rate=250,
                max_fee_rate=250,
                base_fee_avg=1_000,
                market=(
                    MarketStanding(
                        scid="800010x1x1",
                        peer_alias="peer 1",
                        fee_ppm=250,
                        market_p25_ppm=100,
                        market_p50_ppm=300,
                        market_p75_ppm=700,
                        n_competitors=12,
                        standing=0.41,
                    ),
                ),
                below_market=0,
                above_market=0,
            ),
            network=NetworkMetrics(
                n_nodes=6,
                rank=2,
                percentile=66.7,
                centrality_score=80.0,
                reliability_score=75.0,
                performance_score=79.5,
                betweenness_rank=2,
                fee_betweenness_rank=3,
                closeness_rank=1,
                capacity_rank=2,
                degree_rank=1,
                mean_hops=1.4,
                mean_hops_delta=None,
                rank_delta=None,
                peers_gained=None,
                peers_lost=None,
            ),
        ),
        **given,
    )


def a_channel_row(number: int = 1, **given: Any) -> ChannelRow:
    """One line of the channel table."""
    return replace(
        ChannelRow(
            scid=f"{800_000 + 10 * number}x{number % 3_000}x{number % 2}",
            peer_id=a_node_id(number % 20 + 2),
            peer_alias=f"peer {number}",
            capacity_sats=5_000_000,
            local_sats=2_000_000,
            local_ratio=0.4,
            is_active=True,
            age_days=200,
            fee_ppm=250,
            base_fee_msat=1_000,
            inbound_fee_ppm=0,
            peer_fee_ppm=100,
            market_p50_ppm=300,
            forwards_out_7d=1,
            volume_in_7d_sats=0,
            volume_out_7d_sats=100_000,
            revenue_7d_msat=26_000,
            assisted_7d_msat=0,
            rebalance_cost_7d_msat=75_000,
            profit_7d_msat=-49_000,
            failed_7d=1,
            missed_fees_7d_msat=101_000,
        ),
        **given,
    )


def a_recommendation(**given: Any) -> Recommendation:
    """Refill a channel that refuses payments."""
    return replace(
        Recommendation(
            rule="refill_channel",
            priority=Priority.HIGH,
            category="liquidity",
            title="Refill the channel to peer 2",
            description="It refused one payment for want of balance.",
            impact_score=7.5,
            channels_affected=("800020x2x0",),
            suggested_action="Move 1,500,000 sat from 800010x1x1 to 800020x2x0.",
            estimated_gain_sats_month=430,
            gain_basis="fees of the payments refused in seven days, times 30/7",
            evidence=(EvidenceItem(label="fees missed", value="101 sat", source="node"),),
        ),
        **given,
    )


def an_alert(**given: Any) -> ReportAlert:
    """A peer that is offline."""
    return replace(
        ReportAlert(
            severity=Severity.WARNING,
            type="channel_inactive",
            title="Channel to peer 2 is inactive",
            description="The peer is offline; 2,000,000 sat cannot be used.",
            detected_at=MORNING,
            requires_action=True,
            channels_affected=("800020x2x0",),
        ),
        **given,
    )


def an_opportunity(**given: Any) -> Opportunity:
    """A channel worth opening."""
    return replace(
        Opportunity(
            kind="open_channel",
            node_id=a_node_id(6),
            alias="node 5",
            capacity_sats=5_000_000,
            roi_ratio=None,
            roi_basis="no source says what the channel would earn",
            harmonic_gain_ratio=0.021,
            peer_score=91.0,
            evidence=(EvidenceItem(label="hops now", value="3", source="network_snapshot"),),
        ),
        **given,
    )


def a_source(**given: Any) -> SourceReport:
    """The own node, asked and answering."""
    return replace(
        SourceReport(
            name="node",
            status=SourceStatus.OK,
            reality=Reality.REAL,
            detail="lnd, mainnet",
            observed_at=MORNING,
            age_seconds=12,
            error=None,
        ),
        **given,
    )


def some_outside(*, onchain: datetime = MORNING, entry: datetime = MORNING) -> OutsideFigures:
    """What two public services said, at given moments."""
    return OutsideFigures(
        onchain=OnchainFigures(
            source="mempool",
            observed_at=onchain,
            next_block_sat_per_vb=Decimal("2.023"),
            hour_sat_per_vb=Decimal("0.502"),
            economy_sat_per_vb=Decimal("0.2"),
            open_next_block_sats=312,
            open_economy_sats=31,
        ),
        entries=(
            OutsideEntry("mempool", entry, 28, 142_650_000, None, None, None, TODAY - 900 * DAY),
            OutsideEntry("amboss", entry, 28, 142_650_000, 1_201, 1_460, 0.994, None),
        ),
        network_channels=39_153,
        network_capacity_sats=441_963_000_000,
        network_source="mempool",
    )


def a_report(*, n_channels: int = 3, **given: Any) -> DailyReport:
    """A completed daily report of the own node; `rag_asset_id` follows user and day if not given.

    Args:
        n_channels: Lines of the channel table (about 600 bytes of JSON each).
        given: Fields by name.
    """
    report = replace(
        DailyReport(
            report_id="7d7c7c1e-5f0e-4c5e-9d8e-2a3b4c5d6e7f",
            user_id="alice",
            tenant_id="tenant-1",
            node_pubkey=a_node_id(1),
            node_alias="our node ⚡",
            report_date=TODAY,
            generation_timestamp=MORNING + timedelta(seconds=12),
            report_version="1.0",
            language="en",
            scope=Scope.NODE,
            generation_status=GenerationStatus.COMPLETED,
            error_message=None,
            retry_count=0,
            rag_asset_id="",
            rag_indexed=False,
            sources=(
                a_source(),
                a_source(
                    name="network_history",
                    status=SourceStatus.UNAVAILABLE,
                    observed_at=None,
                    age_seconds=None,
                    error="no snapshot of the day before",
                    missing=("metrics.network.rank_delta",),
                ),
            ),
            summary=a_summary(),
            metrics=some_metrics(),
            channels=tuple(a_channel_row(number) for number in range(1, n_channels + 1)),
            recommendations=(a_recommendation(),),
            alerts=(an_alert(),),
            trends=Trends(
                score_evolution_7d=(None, None, None, 77.0, 77.1, 77.2, 78.4),
                revenue_evolution_7d=(None, None, None, 0, 12, 0, 26),
                forward_rate_evolution_7d=(None, None, None, None, 1.0, None, 0.5),
                capacity_evolution_7d=(None, None, None, 15_000_000, 15_000_000, 15_000_000, None),
            ),
            opportunities=(an_opportunity(),),
        ),
        **given,
    )
    if report.rag_asset_id:
        return report
    return replace(
        report, rag_asset_id=f"daily_report_{report.user_id}_{report.report_date:%Y%m%d}"
    )


# --- the service ------------------------------------------------------------------------------


def an_account(**given: Any) -> Account:
    """A user who can log in."""
    return replace(
        Account(
            user_id="alice",
            username="alice@example.org",
            tenant_id="tenant-1",
            role=Role.USER,
            password_hash="$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA",
            created_at=MORNING,
        ),
        **given,
    )


def a_profile(**given: Any) -> UserProfile:
    """What a user has set: a key that is only claimed, and a report every day."""
    return replace(
        UserProfile(
            user_id="alice",
            tenant_id="tenant-1",
            created_at=MORNING,
            updated_at=MORNING,
            lightning_pubkey=a_node_id(1),
            daily_report_enabled=True,
        ),
        **given,
    )


def a_challenge(**given: Any) -> NodeChallenge:
    """A text to sign, good for five minutes from the morning."""
    return replace(
        NodeChallenge(
            challenge_id="0b1c2d3e-0000-4000-8000-000000000001",
            user_id="alice",
            message="daznode proves that alice owns this node: 5f1c",
            expires_at=MORNING + timedelta(minutes=5),
        ),
        **given,
    )


def a_run(**given: Any) -> Run:
    """The run of this morning, asked for by the clock."""
    return replace(
        Run(
            run_id="daily-20251120-06",
            kind=RunKind.DAILY,
            state=RunState.PROCESSING,
            report_date=TODAY,
            requested_by="scheduler",
            created_at=MORNING,
        ),
        **given,
    )


def a_job(**given: Any) -> ReportJob:
    """A report to be made in this morning's run."""
    return replace(
        ReportJob(
            user_id="alice",
            tenant_id="tenant-1",
            node_pubkey=a_node_id(1),
            report_date=TODAY,
            run_id="daily-20251120-06",
        ),
        **given,
    )


def a_node_alert(**given: Any) -> NodeAlert:
    """A warning of this morning about one channel, open."""
    return replace(
        NodeAlert(
            alert_id="9a8b7c6d-0000-4000-8000-000000000001",
            user_id="alice",
            tenant_id="tenant-1",
            node_pubkey=a_node_id(1),
            key="low_liquidity:814x12x1",
            type="low_liquidity",
            severity=Severity.WARNING,
            title="Little left to send by",
            description="3 % of the channel is on our side, the limit is 10 %.",
            channels_affected=("814x12x1",),
            requires_action=True,
            opened_at=MORNING,
            seen_at=MORNING,
        ),
        **given,
    )


def an_entry(number: int = 1, **given: Any) -> AuditEntry:
    """An entry of the audit trail, `number` seconds after the morning."""
    return replace(
        AuditEntry(
            entry_id=f"5e4d3c2b-0000-4000-8000-{number:012}",
            at=MORNING + timedelta(seconds=number),
            tenant_id="tenant-1",
            actor="alice",
            action="login",
            subject="alice",
        ),
        **given,
    )


def a_digest(**given: Any) -> Digest:
    """A week of the own node that ends today."""
    return replace(
        Digest(
            digest_id="1f2e3d4c-0000-4000-8000-000000000001",
            user_id="alice",
            tenant_id="tenant-1",
            node_pubkey=a_node_id(1),
            node_alias="our node ⚡",
            period_days=7,
            first_date=TODAY - 6 * DAY,
            last_date=TODAY,
            generated_at=MORNING,
            language="en",
            days_with_report=6,
            status=Health.WARNING,
            score_first=77.0,
            score_last=78.4,
            score_change=1.4,
            revenue_sats=120,
            rebalance_cost_sats=20,
            net_sats=100,
            forwards=14,
            days_with_revenue=5,
            best_day=TODAY - DAY,
            capacity_first_sats=15_000_000,
            capacity_last_sats=15_000_000,
            score_evolution=(None, 77.0, 77.1, 77.2, 77.9, 78.0, 78.4),
            revenue_evolution_sats=(None, None, 12, 0, 26, 82, 0),
            alerts=(DigestAlert("low_liquidity", "warning", "Little left", 3, is_open=True),),
            advice=(DigestAdvice("raise_fee", "Charge more", 2, 1_200),),
            narrative="A quiet week.",
        ),
        **given,
    )
