"""`daznode demo`: a simulated node's fortnight and its report, without any node, server or key."""

import tempfile
from pathlib import Path
from typing import Final

import click
from rich.console import Console

from daznode.domain.page import Page
from daznode.edges.cli import session
from daznode.edges.cli.reports import write_files
from daznode.edges.cli.terminal import print_page
from daznode.wiring import Services

_FILES: Final = ("html", "pdf", "md", "json")


@click.command(
    short_help="A simulated node and its report.",
    epilog="Example: daznode demo --language fr --out demo/",
)
@click.option("--out", metavar="FOLDER", help="Where the files go; default a temporary folder.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=4, show_default=True)
@click.option("--language", type=click.Choice(["en", "fr"]), help="Default: DAZNODE_LANGUAGE, en.")
@session.json_option
def demo(out: str | None, seed: int, language: str | None, *, as_json: bool) -> None:
    """Show a daily report of a simulated node in a generated network.

    A fortnight passes in seconds; data goes into a temporary folder that is removed, the report
    is shown here and written as HTML, PDF, Markdown and JSON. Nothing of yours is touched.
    """

    async def trip(services: Services) -> tuple[Page, bytes, tuple[Path, ...]]:
        made = await services.rehearse(seed=seed, language=language)
        folder = out or tempfile.mkdtemp(prefix="daznode-demo-")
        files = write_files(services, made, _FILES, f"{folder}/")
        return services.page(made), services.render(made, "json"), files

    page, content, files = session.run(trip, is_temporary=True)
    if as_json:
        click.echo(content, nl=False)
    else:
        print_page(page, Console())
        click.echo("\nThe same report as files:")
        for path in files:
            click.echo(f"  {path}")
        click.echo(
            "\nOpen the HTML file in a browser. With your own graph dump:\n"
            "  lncli describegraph | daznode network import -\n"
            "  daznode report YOUR_NODE_KEY"
        )
