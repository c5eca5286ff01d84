"""Whole daily reports for tests of the faces: rich, public, single-channel and hostile."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import numpy as np
from tests.builders import MORNING, TODAY, a_node_id, a_source

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
from daznode.domain.units import PPM_ONE, SAT_PER_BTC

PEERS = (
    *("ACINQ", "bfx-lnd0", "Boltz", "WalletOfSatoshi.com", "Kraken 🐙⚡", "LNBiG [Hub-1]", "okx"),
    *("River Financial 1", "Binance", "CoinGate", "Megalithic.me", "Zero Fee Routing | CLN"),
    *(
        "1sats.com",
        "Café Sats ☕",
        "LOOP",
        "Nicehash-ln1",
        "SouthXchange",
        "deezy.io ⚡✨",
        "c-otto.de",
    ),
    *("Bitrefill", "Fulmo", "Escher", "LightningTipBot", "Voltage", "Strike", "OpenNode.com"),
    *("Łódź Hub", "Breez", "Blixt Wallet 💛", "Muun", "PeerSwap.me", "Olympus by ZEUS", "Joltz"),
    *("Sunny Sarah", "Garlic", "TheSatSpace", "Plebs United", "Alby", "Rails", "Cosmic Node"),
)

HOSTILE_ALIASES = (
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert('x')>",
    "safe\N{RIGHT-TO-LEFT OVERRIDE}kcatta",
    "\x1b[31mred\x1b]0;title\x07",
    "[bold red]rich[/bold red] [link=https://evil.example]x[/link]",
    "| pipe ` tick * _ [md](javascript:alert(1)) \\",
    "#set page(fill: red) $x^2$ #panic() @label",
    "A" * 200,
    "🐙🔥👩‍👩‍👧‍👦 日本語ノード שלום",
    "Z" + "\N{COMBINING ACUTE ACCENT}" * 60,
    "]]></svg><svg onload=alert(1)>",
    "line\nbreak\ttab\N{LINE SEPARATOR}sep",
    "",
    "{{ 7*7 }} {% raw %} ${7*7} {0} {language}",
    "&lt;b&gt; &amp; </title></style>",
)

_TEXTS = {
    "en": {
        "lead": "In the 24 hours to 20 November 2025, 06:00 UTC the node settled 57 forwards and earned "
        "4,212 sat. Of what was asked of it, 81.4% succeeded. Over seven days 28,412 sat came in, "
        "9,120 sat went into rebalancing: +19,292 sat net. It ranks 812th of 15,812 nodes, with a score "
        "of 83.4. 2 things need attention. The best next step: Raise the fee towards bfx-lnd0 (about "
        "6,400 sat in 30 days).",
        "alert_title": "2 channels inactive",
        "alert": "2 of 40 channels, 12,000,000 sat or 5.2% of the capacity, cannot be used because the peer "
        "is offline. The largest is with Muun.",
        "chain_title": "The node does not follow the chain",
        "chain": "It stands at block 923,401. Until it catches up it cannot see closes of its channels: "
        "check the bitcoin backend now.",
        "info_title": "Fees lie far apart",
        "info": "Enabled channels charge from 5 ppm to 2,400 ppm. If that is not meant, look at both ends.",
        "raise_title": "Raise the fee towards bfx-lnd0",
        "raise": "The channel sells out: it had to refuse 31 forwards this week. Demand at 250 ppm exceeds "
        "what the channel can carry.",
        "raise_action": "Set 800020x2x0 from 250 ppm to 310 ppm, leave the other fields as they are.",
        "raise_basis": "This week's revenue at the new price; the same amount sells while demand exceeds supply.",
        "close_title": "Close the channel with Fulmo",
        "close": "Nothing passed for 60 days and the capacity is bound.",
        "close_action": "Close 800210x21x1 cooperatively when on-chain fees are low.",
        "close_basis": "No estimate: this frees capital, and what it earns depends on its use.",
        "refill_title": "Refill the channel with Kraken",
        "refill": "Forwards refused for want of balance would have paid more than a refill costs.",
        "refill_action": "Move 1,500,000 sat from 800010x1x1 to 800050x5x1 for at most 180 ppm.",
        "refill_basis": "Fees missed in a fortnight, less what refilling that amount costs, over 30 days.",
        "label": "Refused in 7 days",
        "label2": "On our side",
        "roi": "No estimate: neither the demand towards this peer nor on-chain fees are known.",
        "missing": "no snapshot of the day before is stored",
        "no_node": "no node is connected",
        "public_lead": "This report rests on public data alone: 40 announced channels with 231,000,000 sat. "
        "It ranks 812th of 15,812 nodes, with a score of 83.4. Nothing needs attention.",
    },
    "fr": {
        "lead": "Dans les 24 heures jusqu'au 20 novembre 2025 à 06:00 UTC, le nœud a réglé 57 relais et gagné "
        "4 212 sat. De ce qui lui a été demandé, 81,4 % a abouti. Sur sept jours, 28 412 sat sont entrés et "
        "9 120 sat sont partis en rééquilibrage : +19 292 sat net. Il est 812e sur 15 812 nœuds, avec un "
        "score de 83,4. 2 points demandent de l'attention.",
        "alert_title": "2 canaux inactifs",
        "alert": "2 canaux sur 40, soit 12 000 000 sat ou 5,2 % de la capacité, sont inutilisables car le pair "
        "est hors ligne. Le plus grand est avec Muun.",
        "chain_title": "Le nœud ne suit pas la chaîne",
        "chain": "Il en est au bloc 923 401. Tant qu'il n'a pas rattrapé, il ne voit pas les fermetures de ses "
        "canaux : vérifiez le nœud bitcoin maintenant.",
        "info_title": "Les frais sont très écartés",
        "info": "Les canaux actifs demandent de 5 ppm à 2 400 ppm. Si ce n'est pas voulu, voyez les deux bouts.",
        "raise_title": "Augmenter les frais vers bfx-lnd0",
        "raise": "Le canal se vide : il a dû refuser 31 relais cette semaine. À 250 ppm, la demande dépasse ce "
        "que le canal peut porter.",
        "raise_action": "Passer 800020x2x0 de 250 ppm à 310 ppm, sans toucher aux autres champs.",
        "raise_basis": "Le revenu de la semaine au nouveau prix ; la même quantité se vend tant que la demande "
        "dépasse l'offre.",
        "close_title": "Fermer le canal avec Fulmo",
        "close": "Rien n'est passé depuis 60 jours et la capacité est immobilisée.",
        "close_action": "Fermer 800210x21x1 à l'amiable quand les frais on-chain sont bas.",
        "close_basis": "Pas d'estimation : cela libère du capital, son rendement dépend de son emploi.",
        "refill_title": "Remplir le canal avec Kraken",
        "refill": "Les relais refusés faute de solde auraient rapporté plus que ne coûte un remplissage.",
        "refill_action": "Déplacer 1 500 000 sat de 800010x1x1 vers 800050x5x1 pour 180 ppm au plus.",
        "refill_basis": "Frais manqués en quinze jours, moins le coût de remplir ce montant, sur 30 jours.",
        "label": "Refusés en 7 jours",
        "label2": "De notre côté",
        "roi": "Pas d'estimation : ni la demande vers ce pair ni les frais on-chain ne sont connus.",
        "missing": "aucun instantané de la veille n'est stocké",
        "no_node": "aucun nœud n'est connecté",
        "public_lead": "Ce rapport repose sur les seules données publiques : 40 canaux annoncés pour 231 000 000 "
        "sat. Il est 812e sur 15 812 nœuds, avec un score de 83,4. Rien ne demande d'attention.",
    },
}


def _channel(number: int, alias: str, chance: np.random.Generator) -> ChannelRow:
    capacity = int(chance.choice([1, 2, 3, 5, 10, 16])) * 1_000_000
    local_ratio = float(np.round(chance.beta(0.8, 0.8), 4))
    fee_ppm = int(chance.choice([5, 50, 120, 250, 480, 900, 2_400]))
    volume_out = int(chance.exponential(1.2)) * 412_345
    revenue = volume_out * 1_000 * fee_ppm // PPM_ONE
    cost = int(chance.choice([0, 0, 0, 75_500, 812_345]))
    failed = int(chance.choice([0, 0, 0, 2, 31]))
    return ChannelRow(
        scid=f"{800_000 + 10 * number}x{number % 3_000}x{number % 2}",
        peer_id=a_node_id(number % 20 + 2),
        peer_alias=alias,
        capacity_sats=capacity,
        local_sats=int(capacity * local_ratio),
        local_ratio=local_ratio,
        is_active=number not in {30, 31},
        age_days=int(chance.integers(3, 900)),
        fee_ppm=fee_ppm,
        base_fee_msat=int(chance.choice([0, 0, 1_000])),
        inbound_fee_ppm=int(chance.choice([0, 0, 0, -50])),
        peer_fee_ppm=int(chance.choice([1, 250, 1_500])),
        market_p50_ppm=int(chance.choice([40, 310, 777, 1_250])),
        forwards_out_7d=volume_out // 150_000,
        volume_in_7d_sats=int(chance.exponential(1.0)) * 512_345,
        volume_out_7d_sats=volume_out,
        revenue_7d_msat=revenue,
        assisted_7d_msat=int(chance.choice([0, 12_345, 345_678])),
        rebalance_cost_7d_msat=cost,
        profit_7d_msat=revenue - cost,
        failed_7d=failed,
        missed_fees_7d_msat=failed * 13_377,
    )


def _standing(row: ChannelRow, chance: np.random.Generator) -> MarketStanding:
    middle = row.market_p50_ppm or 1
    return MarketStanding(
        scid=row.scid,
        peer_alias=row.peer_alias,
        fee_ppm=row.fee_ppm or 0,
        market_p25_ppm=middle // 3,
        market_p50_ppm=middle,
        market_p75_ppm=middle * 2,
        n_competitors=int(chance.integers(3, 900)),
        standing=float(np.round(chance.uniform(), 4)),
    )


def _metrics(channels: tuple[ChannelRow, ...], chance: np.random.Generator) -> ReportMetrics:
    total = sum(row.capacity_sats or 0 for row in channels)
    local = sum(row.local_sats or 0 for row in channels)
    inactive = sum(row.is_active is False for row in channels)
    return ReportMetrics(
        capacity=CapacityMetrics(
            total_sats=total,
            local_balance=local,
            remote_balance=total - local - 35_000,
            liquidity_ratio=local / (total - 35_000),
            total_sats_delta_24h=5_000_000,
        ),
        channels=ChannelMetrics(
            active=len(channels) - inactive,
            inactive=inactive,
            pending=3,
            avg_capacity_sats=total // len(channels),
            count_delta_24h=1,
        ),
        forwarding=ForwardingMetrics(
            forwards_24h=57,
            forwards_7d=398,
            success_rate_24h=0.8143,
            revenue_24h=4_212,
            revenue_7d=28_412,
            rebalance_cost_24h=1_310,
            rebalance_cost_7d=9_120,
            net_24h=2_902,
            net_7d=19_292,
            revenue_24h_msat=4_212_345,
            revenue_7d_msat=28_412_678,
            net_7d_msat=19_292_678,
            volume_24h_sats=11_234_567,
            volume_7d_sats=78_123_456,
            failed_24h=13,
            missed_fees_7d_sats=5_432,
            earned_ppm_7d=363,
            revenue_delta_24h=-318,
        ),
        fees=FeeMetrics(
            avg_fee_rate=421,
            min_fee_rate=5,
            max_fee_rate=2_400,
            base_fee_avg=333,
            market=tuple(_standing(row, chance) for row in channels),
            below_market=11,
            above_market=9,
        ),
        network=NetworkMetrics(
            n_nodes=15_812,
            rank=812,
            percentile=94.87,
            centrality_score=91.2,
            reliability_score=88.8,
            performance_score=70.1,
            betweenness_rank=604,
            fee_betweenness_rank=341,
            closeness_rank=722,
            capacity_rank=655,
            degree_rank=701,
            mean_hops=3.217,
            mean_hops_delta=-0.012,
            rank_delta=14,
            peers_gained=(a_node_id(5), a_node_id(60)),
            peers_lost=tuple(a_node_id(number) for number in range(70, 79)),
        ),
    )


def _alerts(texts: dict[str, str]) -> tuple[ReportAlert, ...]:
    return (
        ReportAlert(
            Severity.CRITICAL,
            "node_not_synced",
            texts["chain_title"],
            texts["chain"],
            MORNING,
            requires_action=True,
        ),
        ReportAlert(
            Severity.WARNING,
            "channel_inactive",
            texts["alert_title"],
            texts["alert"],
            MORNING,
            requires_action=True,
            channels_affected=("800300x30x0", "800310x31x1"),
        ),
        ReportAlert(
            Severity.INFO,
            "high_fee_variance",
            texts["info_title"],
            texts["info"],
            MORNING,
            requires_action=False,
        ),
    )


def _advice(texts: dict[str, str]) -> tuple[Recommendation, ...]:
    evidence = (
        EvidenceItem(texts["label"], "1,234,567 sat", "node"),
        EvidenceItem(texts["label2"], "4.1%", "node"),
        EvidenceItem("p50", "310 ppm", "network_snapshot"),
    )
    return (
        Recommendation(
            rule="raise_fee",
            priority=Priority.HIGH,
            category="fees",
            title=texts["raise_title"],
            description=texts["raise"],
            impact_score=8.4,
            channels_affected=("800020x2x0",),
            suggested_action=texts["raise_action"],
            estimated_gain_sats_month=6_400,
            gain_basis=texts["raise_basis"],
            evidence=evidence,
        ),
        Recommendation(
            rule="refill",
            priority=Priority.MEDIUM,
            category="liquidity",
            title=texts["refill_title"],
            description=texts["refill"],
            impact_score=6.1,
            channels_affected=("800010x1x1", "800050x5x1"),
            suggested_action=texts["refill_action"],
            estimated_gain_sats_month=2_100,
            gain_basis=texts["refill_basis"],
            evidence=evidence[:2],
            decision_id="dec-0042",
        ),
        Recommendation(
            rule="close",
            priority=Priority.LOW,
            category="channels",
            title=texts["close_title"],
            description=texts["close"],
            impact_score=3.0,
            channels_affected=tuple(f"8002{number}0x21x1" for number in range(10, 19)),
            suggested_action=texts["close_action"],
            estimated_gain_sats_month=None,
            gain_basis=texts["close_basis"],
            evidence=evidence[2:],
        ),
    )


def _opportunities(texts: dict[str, str]) -> tuple[Opportunity, ...]:
    return tuple(
        Opportunity(
            kind="open_channel",
            node_id=a_node_id(80 + number),
            alias=alias,
            capacity_sats=5_000_000 + 2_000_000 * number,
            roi_ratio=0.021 if number == 0 else None,
            roi_basis=texts["roi"],
            harmonic_gain_ratio=0.0123 / (number + 1),
            peer_score=97.3 - number,
            evidence=(EvidenceItem(texts["label2"], f"{number + 3}", "network_snapshot"),),
        )
        for number, alias in enumerate(("Blockstream Store", "LQwD-Canada", "rompert.com"))
    )


def rich_report(*, n_channels: int = 40, language: str = "en", seed: int = 7) -> DailyReport:
    """An own node with history: every field of the report has a value."""
    chance = np.random.default_rng(seed)
    texts = _TEXTS[language]
    channels = tuple(
        _channel(number, PEERS[(number - 1) % len(PEERS)], chance)
        for number in range(1, n_channels + 1)
    )
    channels = tuple(sorted(channels, key=lambda row: -(row.profit_7d_msat or 0)))
    metrics = _metrics(channels, chance)
    assert metrics.capacity.total_sats is not None
    return DailyReport(
        report_id="7d7c7c1e-5f0e-4c5e-9d8e-2a3b4c5d6e7f",
        user_id="alice",
        tenant_id="tenant-1",
        node_pubkey=a_node_id(1),
        node_alias="Morning Star ⚡",
        report_date=TODAY,
        generation_timestamp=MORNING + timedelta(seconds=12),
        report_version="1.0",
        language=language,
        scope=Scope.NODE,
        generation_status=GenerationStatus.COMPLETED,
        error_message=None,
        retry_count=0,
        rag_asset_id="daily_report_alice_20251120",
        rag_indexed=False,
        sources=(
            a_source(
                name="network_snapshot",
                detail="describegraph: graph-2025-11-20.json",
                age_seconds=3_700,
            ),
            a_source(
                name="network_history",
                status=SourceStatus.STALE,
                detail="6/7",
                age_seconds=90_000,
                error=texts["missing"],
                observed_at=MORNING - timedelta(days=1),
            ),
            a_source(reality=Reality.SIMULATED, detail="simulated (regtest)"),
        ),
        summary=ReportSummary(
            overall_score=83.4,
            score_delta_24h=1.2,
            rating="good",
            status=Health.CRITICAL,
            critical_alerts=1,
            warnings=1,
            capacity_btc=Decimal(metrics.capacity.total_sats) / SAT_PER_BTC,
            channels_count=n_channels,
            forwarding_rate_24h=0.8143,
            revenue_sats_24h=4_212,
            narrative=texts["lead"],
        ),
        metrics=metrics,
        channels=channels,
        recommendations=_advice(texts),
        alerts=_alerts(texts),
        trends=Trends(
            score_evolution_7d=(80.9, 81.4, None, 82.7, 82.0, 82.2, 83.4),
            revenue_evolution_7d=(3_914, 4_420, 2_987, 5_120, 3_229, 4_530, 4_212),
            forward_rate_evolution_7d=(0.79, 0.84, 0.66, 0.88, None, 0.803, 0.8143),
            capacity_evolution_7d=(
                *(196_000_000, 196_000_000, 201_000_000, 201_000_000, 203_000_000),
                *(203_000_000, 208_000_000),
            ),
        ),
        opportunities=_opportunities(texts),
    )


def _unavailable(name: str, error: str, *missing: str) -> SourceReport:
    return SourceReport(
        name, SourceStatus.UNAVAILABLE, Reality.REAL, "", None, None, error, missing
    )


def public_report(*, n_channels: int = 40, language: str = "en") -> DailyReport:
    """The same node seen from outside, on the first day: no money, no history."""
    rich = rich_report(n_channels=n_channels, language=language)
    texts = _TEXTS[language]
    network = rich.metrics.network
    return replace(
        rich,
        scope=Scope.PUBLIC,
        sources=(
            rich.sources[0],
            _unavailable(
                "network_history",
                texts["missing"],
                "summary.score_delta_24h",
                "metrics.network.rank_delta",
                "metrics.network.peers_gained",
                "metrics.network.peers_lost",
            ),
            _unavailable(
                "node",
                texts["no_node"],
                "metrics.capacity.local_balance",
                "metrics.capacity.remote_balance",
                "metrics.forwarding",
                "trends.revenue_evolution_7d",
                "trends.forward_rate_evolution_7d",
                "recommendations.estimated_gain_sats_month",
            ),
        ),
        summary=replace(
            rich.summary,
            score_delta_24h=None,
            status=Health.HEALTHY,
            critical_alerts=0,
            warnings=0,
            forwarding_rate_24h=None,
            revenue_sats_24h=None,
            narrative=texts["public_lead"],
        ),
        metrics=replace(
            rich.metrics,
            capacity=CapacityMetrics(rich.metrics.capacity.total_sats, None, None, None, None),
            channels=replace(rich.metrics.channels, pending=None, count_delta_24h=None),
            forwarding=ForwardingMetrics(*[None] * 18),
            network=replace(
                network, mean_hops_delta=None, rank_delta=None, peers_gained=None, peers_lost=None
            ),
        ),
        channels=tuple(
            replace(
                row,
                local_sats=None,
                local_ratio=None,
                forwards_out_7d=None,
                volume_in_7d_sats=None,
                volume_out_7d_sats=None,
                revenue_7d_msat=None,
                assisted_7d_msat=None,
                rebalance_cost_7d_msat=None,
                profit_7d_msat=None,
                failed_7d=None,
                missed_fees_7d_msat=None,
            )
            for row in rich.channels
        ),
        recommendations=(
            replace(rich.recommendations[2], gain_basis=texts["roi"], decision_id=None),
        ),
        alerts=(),
        trends=Trends((*[None] * 6, 83.4), (None,) * 7, (None,) * 7, (*[None] * 6, 208_000_000)),
    )


def unknown_report(*, language: str = "en") -> DailyReport:
    """A key that no source knows: nearly every field is None."""
    public = public_report(language=language)
    return replace(
        public,
        node_alias="",
        sources=(
            _unavailable("network_snapshot", "this key is not in the snapshot", "metrics.network"),
            *public.sources[1:],
        ),
        summary=ReportSummary(
            None, None, None, Health.WARNING, 0, 1, None, None, None, None, "Nothing is known."
        ),
        metrics=ReportMetrics(
            CapacityMetrics(*[None] * 5),
            ChannelMetrics(*[None] * 5),
            ForwardingMetrics(*[None] * 18),
            FeeMetrics(None, None, None, None, (), None, None),
            NetworkMetrics(*[None] * 16),
        ),
        channels=(),
        recommendations=(),
        trends=Trends((None,) * 7, (None,) * 7, (None,) * 7, (None,) * 7),
        opportunities=(),
    )


def single_channel_report(*, language: str = "en") -> DailyReport:
    """A node with one channel, two days old, on which nothing was forwarded."""
    rich = rich_report(n_channels=1, language=language)
    forwarding = ForwardingMetrics(0, 0, None, *[0] * 12, 0, None, None)
    row = replace(
        rich.channels[0],
        forwards_out_7d=0,
        volume_in_7d_sats=0,
        volume_out_7d_sats=0,
        revenue_7d_msat=0,
        assisted_7d_msat=0,
        rebalance_cost_7d_msat=0,
        profit_7d_msat=0,
        failed_7d=0,
        missed_fees_7d_msat=0,
        age_days=2,
    )
    return replace(
        rich,
        metrics=replace(rich.metrics, forwarding=forwarding),
        summary=replace(
            rich.summary, status=Health.WARNING, forwarding_rate_24h=None, revenue_sats_24h=0
        ),
        channels=(row,),
        recommendations=rich.recommendations[:1],
        alerts=rich.alerts[1:2],
        trends=Trends((*[None] * 5, 40.1, 41.0), (*[None] * 5, 0, 0), (None,) * 7, (None,) * 7),
    )


def hostile_report(*, language: str = "en") -> DailyReport:
    """A rich report in which every text that a stranger can choose is an attack or a mess."""
    rich = rich_report(language=language)
    attacks = HOSTILE_ALIASES
    channels = tuple(
        replace(row, peer_alias=attacks[index % len(attacks)])
        for index, row in enumerate(rich.channels)
    )
    market = tuple(
        replace(one, peer_alias=attacks[index % len(attacks)])
        for index, one in enumerate(rich.metrics.fees.market)
    )
    return replace(
        rich,
        node_alias=attacks[0],
        channels=channels,
        metrics=replace(rich.metrics, fees=replace(rich.metrics.fees, market=market)),
        alerts=tuple(
            replace(
                rich.alerts[1], title=f"Lost {attack}", description=f"Peer {attack} is offline."
            )
            for attack in attacks
        ),
        recommendations=tuple(
            replace(
                rich.recommendations[0],
                title=f"Raise the fee towards {attack}",
                suggested_action=f"Raise {attack}.",
                evidence=(EvidenceItem(attack, attack, attack),),
                channels_affected=(attack,),
            )
            for attack in attacks
        ),
        opportunities=tuple(
            replace(rich.opportunities[0], alias=attack, kind=attack) for attack in attacks
        ),
        sources=(*rich.sources, _unavailable(attacks[0], attacks[1], attacks[2])),
    )
