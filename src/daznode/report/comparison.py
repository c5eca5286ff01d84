"""A comparison of fee policies laid out: what was run, what came of it, and how to read it."""

from collections.abc import Mapping

from daznode.domain.experiment import Comparison, ExperimentPlan, Interval, PolicyStanding, Tier
from daznode.domain.page import Page, Paragraph, Section, Tone
from daznode.report import formats
from daznode.report.experiment_text import (
    LANGUAGE,
    amount_text,
    counted,
    face_words,
    interval_text,
    signed_text,
)
from daznode.report.node_by_node import nodes_section
from daznode.report.standings import readings_section, standings_section
from daznode.report.words.experiment_en import say


def lay_out_comparison(
    found: Comparison,
    readings: Mapping[str, Mapping[str, Interval]],
    bound: str = "",
    fewest: int = 1,
) -> Page:
    """A comparison in words.

    Args:
        found: What an experiment found.
        readings: Per policy and reading the difference to the base, sat per BTC and year.
        bound: Name of what is no policy but shows what would be possible; it never comes first.
        fewest: Nodes, or seeds of a single one, that it takes to tell any policy apart.

    Returns:
        A page that every face renders; the same comparison gives the same page.
    """
    plan = found.plan
    rivals = [standing for standing in found.standings if standing.policy != bound]
    best = rivals[0]
    is_base = best.policy == plan.base
    ahead = sum(standing.is_ahead for standing in rivals)
    behind = sum(standing.is_behind for standing in rivals)
    return Page(
        language=LANGUAGE,
        title=say("comparison.title"),
        subject=say(
            "comparison.subject",
            policies=counted(len(plan.policies), "policy", "policies"),
            nodes=counted(len(plan.nodes), "node"),
        ),
        subject_detail=say("comparison.detail", network=plan.network, set=plan.node_set.value),
        date_text=say(
            "comparison.date",
            days=counted(plan.days, "simulated day"),
            burn_in=counted(plan.burn_in_days, "day"),
        ),
        score_text=formats.DASH if is_base else f"{best.wins:.0%}",
        score_ratio=None if is_base else best.wins,
        score_caption=(
            say("comparison.score_none", base=plan.base)
            if is_base
            else say(
                "comparison.score_caption",
                best=best.policy,
                base=plan.base,
                wins=formats.percent_text(best.wins, LANGUAGE),
            )
        ),
        status_text=say("comparison.status", ahead=str(ahead), behind=str(behind), base=plan.base),
        status_tone=Tone.GOOD if ahead else Tone.NEUTRAL,
        banner=say("simulated") + (say("screened") if plan.tier is Tier.TWIN else ""),
        lead=_lead(found, best),
        sections=(
            standings_section(found, bound, fewest),
            readings_section(found.plan.base, rivals, readings),
            nodes_section(found, rivals),
            _method(found, best.policy),
        ),
        footer=say(
            "footer",
            engine=plan.engine,
            network=plan.network,
            moment=formats.moment(found.made_at, LANGUAGE),
        ),
        words=face_words(say("comparison.score")),
    )


def _lead(found: Comparison, best: PolicyStanding) -> str:
    plan = found.plan
    difference = best.against_base
    if best.policy == plan.base:
        against = say("comparison.base_first")
    else:
        key = "ahead" if best.is_ahead else "behind" if best.is_behind else "open"
        against = say(
            f"comparison.{key}",
            difference=amount_text(difference.mean),
            base=plan.base,
            within=interval_text(difference, signed_text),
        )
    return say(
        "comparison.lead",
        best=best.policy,
        net=amount_text(best.net.mean),
        unit=say("unit"),
        within=interval_text(best.net, amount_text),
        against=against,
        nodes=counted(len(plan.nodes), "node"),
        seeds=counted(len(plan.seeds), "run"),
        days=counted(plan.days, "simulated day"),
        payments=formats.count(plan.payments_per_day, LANGUAGE),
        modernised=say("comparison.modernised") if plan.is_modernised else "",
    )


def _method(found: Comparison, best: str) -> Section:
    plan = found.plan
    worth = say("method.worth", id=found.experiment_id) if found.experiment_id else ""
    look = say("method.look", best=best, options=_options(plan, best))
    return Section(
        "method",
        say("section.method"),
        (
            Paragraph(say("method.net")),
            Paragraph(say("method.pairs")),
            Paragraph(say("method.sets", set=plan.node_set.value)),
            Paragraph(say("method.again", seed=str(plan.network_seed), engine=plan.engine)),
            *((Paragraph(worth),) if worth else ()),
            Paragraph(look),
        ),
    )


def _options(plan: ExperimentPlan, policy: str) -> str:
    """What `daznode simulate` takes to make a policy's first run again."""
    given: dict[str, str | int] = {
        "network": plan.network,
        "node": plan.nodes[0],
        "policy": policy,
        "seed": plan.seeds[0],
        "network-seed": plan.network_seed,
        "set": plan.node_set.value,
        "days": plan.days,
        "burn-in": plan.burn_in_days,
        "payments-per-day": plan.payments_per_day,
        "base": plan.base,
        "tier": plan.tier.value,
    }
    options = [f"--{name} {value}" for name, value in given.items()]
    return " ".join([*options, *(["--modernise"] if plan.is_modernised else [])])
