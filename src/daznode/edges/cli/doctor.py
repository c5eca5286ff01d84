"""`daznode doctor`: what is right and wrong with this installation, and how to mend it."""

from typing import Final

import click
from rich.console import Console
from rich.text import Text

from daznode.domain.health import Diagnosis, ServiceHealth, worst_exit_code
from daznode.domain.page import plain_text
from daznode.edges.cli import session

_MARKS: Final = {
    ServiceHealth.HEALTHY: ("ok     ", "green"),
    ServiceHealth.DEGRADED: ("warning", "yellow"),
    ServiceHealth.UNHEALTHY: ("wrong  ", "bold red"),
}


@click.command(
    short_help="What is wrong with this installation, and how to mend it.",
    epilog="Example: daznode doctor --json",
)
@session.json_option
@click.pass_context
def doctor(ctx: click.Context, *, as_json: bool) -> None:
    """Look at every part of this installation: say what is right, what is wrong, how to mend it.

    Settings, data folder, database, Redis, Qdrant, network snapshot, scheduler, token secret, clock.
    Nothing is changed, except that a database of an older version is brought up to date. Exit code 0 if nothing is wrong, else that of the worst error.
    """
    diagnoses = session.examine()
    exit_code = worst_exit_code(diagnoses)
    if as_json:
        session.print_json({"exit_code": exit_code, "diagnoses": diagnoses})
    else:
        _print(diagnoses)
    ctx.exit(exit_code)


def _print(diagnoses: tuple[Diagnosis, ...]) -> None:
    console = Console(soft_wrap=True)
    for one in diagnoses:
        mark, style = _MARKS[one.state]
        line = Text.assemble((mark, style), "  ", (one.name, "bold"), ": ", plain_text(one.detail))
        console.print(line, highlight=False)
        if one.mend:
            console.print(Text(f"         mend: {plain_text(one.mend)}", "dim"), highlight=False)
    counts = {state: sum(one.state is state for one in diagnoses) for state in ServiceHealth}
    summary = (
        f"{counts[ServiceHealth.UNHEALTHY]} wrong, {counts[ServiceHealth.DEGRADED]} to look at"
    )
    console.print(
        Text("All is well." if counts[ServiceHealth.HEALTHY] == len(diagnoses) else summary)
    )
