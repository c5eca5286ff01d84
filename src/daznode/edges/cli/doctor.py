"""`daznode doctor`: what is right and wrong with this installation, and how to mend it."""

from typing import Final

import click
from rich.console import Console
from rich.text import Text

from daznode.domain.diagnosis import Diagnosis, Verdict, worst_exit_code
from daznode.domain.page import plain_text
from daznode.edges.cli import session

_MARKS: Final = {
    Verdict.RIGHT: ("ok     ", "green"),
    Verdict.WARNING: ("warning", "yellow"),
    Verdict.WRONG: ("wrong  ", "bold red"),
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
    Nothing is changed. Exit code 0 if nothing is wrong, else that of the worst error.
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
        mark, style = _MARKS[one.verdict]
        line = Text.assemble(
            (mark, style), "  ", (one.part, "bold"), ": ", plain_text(one.finding)
        )
        console.print(line, highlight=False)
        if one.remedy:
            console.print(Text(f"         mend: {plain_text(one.remedy)}", "dim"), highlight=False)
    counts = {verdict: sum(one.verdict is verdict for one in diagnoses) for verdict in Verdict}
    summary = f"{counts[Verdict.WRONG]} wrong, {counts[Verdict.WARNING]} to look at"
    console.print(Text("All is well." if counts[Verdict.RIGHT] == len(diagnoses) else summary))
