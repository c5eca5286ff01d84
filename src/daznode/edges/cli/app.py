"""The command line's root: commands below it, errors turned into one line and an exit code."""

from typing import Any

import click

from daznode import __version__
from daznode.domain.errors import DaznodeError, Interrupted
from daznode.edges.cli.credentials import credentials
from daznode.edges.cli.demo import demo
from daznode.edges.cli.doctor import doctor
from daznode.edges.cli.lnbits import lnbits
from daznode.edges.cli.network import network
from daznode.edges.cli.reports import report
from daznode.edges.cli.scores import fee_market, rankings, score
from daznode.edges.cli.serve import serve
from daznode.edges.cli.simulate import backtest, experiments, policies, reliability, simulate
from daznode.edges.cli.sync import sync
from daznode.edges.cli.users import user
from daznode.edges.cli.worker import worker


class GuardedGroup(click.Group):
    """A group in which every error of ours ends as one line on standard error."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's own signature
        """Run a command; turn what it raises into its exit code."""
        try:
            return super().invoke(ctx)
        except (Interrupted, KeyboardInterrupt):
            click.echo(Interrupted.told, err=True)
            ctx.exit(Interrupted.exit_code)
        except DaznodeError as exc:
            click.echo(f"error: {exc}", err=True)
            ctx.exit(exc.exit_code)


@click.group(
    cls=GuardedGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with `daznode demo`: no node, no server and no key needed.",
)
@click.version_option(__version__, prog_name="daznode")
def cli() -> None:
    """Lightning Network node intelligence.

    How your node did, what is wrong, what to change and what that would bring. Nothing here
    changes anything on a node.
    """


for _command in (
    demo,
    report,
    sync,
    score,
    rankings,
    fee_market,
    network,
    simulate,
    backtest,
    policies,
    experiments,
    reliability,
    serve,
    worker,
    user,
    credentials,
    lnbits,
    doctor,
):
    cli.add_command(_command)
