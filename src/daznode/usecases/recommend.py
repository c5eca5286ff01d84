"""Advice for a node: on public data, or on its own for the operator who has proven to hold it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from daznode.decide.advice import advise
from daznode.decide.params import AdviceParams
from daznode.domain.accounts import Caller
from daznode.domain.answers import SUCCESS, RecommendationsAnswer
from daznode.domain.ids import NodeId
from daznode.domain.node_view import DayStatus
from daznode.domain.report import DailyReport, Scope
from daznode.ports.accounts import ProfileStore
from daznode.ports.clock import Clock
from daznode.ports.compute import Compute
from daznode.report.wording import Wording
from daznode.usecases.cached_answers import Answer, CachedAnswers, Encode
from daznode.usecases.current_network import CurrentNetwork, OpenedNetwork
from daznode.usecases.daily_report import ReportRequest
from daznode.usecases.open_week import DAYS, STALE_AFTER
from daznode.usecases.query_network import KEPT_SECONDS, place_of

PrepareReport = Callable[[ReportRequest], Awaitable[DailyReport]]
"""Makes a report on the node's own data without storing it."""

OWN_KEPT_SECONDS: Final = 60.0
"""A node's own state moves all the time; asking it for every request would wear it out."""


@dataclass(frozen=True, slots=True)
class Recommend:
    """The trip from a node to what its operator should change.

    Attributes:
        prepare_own: Makes a report on the node's own data; None while no node is connected.
    """

    current: CurrentNetwork
    profiles: ProfileStore
    answers: CachedAnswers
    compute: Compute
    clock: Clock
    encode: Encode
    language: str
    params: AdviceParams
    prepare_own: PrepareReport | None = None

    async def run(self, caller: Caller, node_id: NodeId, language: str | None = None) -> Answer:
        """Recommendations for one node, most valuable first.

        Args:
            caller: Who asks: a node's own data is for the user who has proven to operate it.
            node_id: The node.
            language: `en` or `fr`; None for the language of the caller's profile.

        Raises:
            NodeNotFound: The network does not know it.
            DataUnavailable: No network is open.
        """
        network = self.current.network()
        profile = await self.profiles.profile(caller.user_id)
        spoken = language or (profile.language if profile is not None else self.language)
        place = place_of(network, node_id)
        is_own = (
            profile is not None
            and profile.lightning_pubkey == node_id
            and profile.pubkey_proven_at is not None
        )
        if is_own and self.prepare_own is not None:
            request = ReportRequest(node_id, spoken, None, caller.user_id, caller.tenant_id)
            return await self._own(self.prepare_own, network, request)
        is_stale = self.clock.now() - network.ref.observed_at > STALE_AFTER

        async def make() -> bytes:
            return await self.compute.run(
                lambda _: self._public(network, place, spoken, is_stale=is_stale)
            )

        key = f"advice:{network.key}:{spoken}:{'stale' if is_stale else 'fresh'}:{node_id}"
        return await self.answers.get_or_make(key, KEPT_SECONDS, make)

    async def _own(
        self, prepare: PrepareReport, network: OpenedNetwork, request: ReportRequest
    ) -> Answer:
        async def make() -> bytes:
            report = await prepare(request)
            return self.encode(_of_report(network, report))

        key = f"advice:{network.key}:{request.language}:{request.user_id}:{request.node_id}"
        return await self.answers.get_or_make(key, OWN_KEPT_SECONDS, make)

    def _public(
        self, network: OpenedNetwork, place: int, language: str, *, is_stale: bool
    ) -> bytes:
        view = network.index.view(place)
        wording = Wording(language)
        status = DayStatus(
            node_id=NodeId(view.card.node_id),
            until=self.clock.now(),
            now=view,
            is_stale=is_stale,
            before=None,
            points=(None,) * DAYS,
            own=None,
        )
        advice = advise(status, self.params)
        return self.encode(
            RecommendationsAnswer(
                status=SUCCESS,
                snapshot=network.ref,
                node_id=view.card.node_id,
                alias=view.card.alias,
                scope=Scope.PUBLIC,
                is_stale=is_stale,
                language=language,
                recommendations=tuple(wording.recommendation(one) for one in advice),
            )
        )


def _of_report(network: OpenedNetwork, report: DailyReport) -> RecommendationsAnswer:
    return RecommendationsAnswer(
        status=SUCCESS,
        snapshot=network.ref,
        node_id=report.node_pubkey,
        alias=report.node_alias,
        scope=report.scope,
        is_stale=report.generation_timestamp - network.ref.observed_at > STALE_AFTER,
        language=report.language,
        recommendations=report.recommendations,
    )
