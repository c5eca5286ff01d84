"""`daznode report`: one daily report, in the terminal or as files."""

import sys
from datetime import date
from pathlib import Path
from typing import Final

import click
from rich.console import Console

from daznode.domain.errors import InvalidParameter
from daznode.domain.page import Page
from daznode.domain.report import DailyReport
from daznode.edges.cli import session
from daznode.edges.cli.scores import graph_option
from daznode.edges.cli.terminal import print_page
from daznode.wiring import Services

_STEM_KEY: Final = 12
"""Start of the node's key in a file name: reports of several nodes fit into one folder."""

FORMATS: Final = ("terminal", "json", "md", "html", "pdf")


def write_files(
    services: Services, report: DailyReport, formats: tuple[str, ...], out: str
) -> tuple[Path, ...]:
    """Write a report as files, each whole or not at all.

    Args:
        services: For rendering.
        report: What to write.
        formats: Some of `FORMATS`; `terminal` is no file and is passed over.
        out: File (one format), or folder (several, or if it ends in a slash or is one).

    Returns:
        The files written.

    Raises:
        StoreUnavailable: A file cannot be written.
    """
    target = Path(out)
    names = [name for name in formats if name != "terminal"]
    is_folder = len(names) > 1 or target.is_dir() or out.endswith("/")
    written = []
    for name in names:
        path = target / f"{_file_stem(report)}.{name}" if is_folder else target
        services.write_file(path, services.render(report, name))
        written.append(path)
    return tuple(written)


def _file_stem(report: DailyReport) -> str:
    return f"daily_report_{report.node_pubkey[:_STEM_KEY]}_{report.report_date:%Y%m%d}"


def check_destination(formats: tuple[str, ...], out: str | None) -> None:
    """Whether the formats can go where they are sent, before any work is done.

    Raises:
        InvalidParameter: Several formats to standard output, or a PDF to a terminal.
    """
    if out is None and len(formats) > 1:
        message = f"--format {','.join(formats)}: several formats need --out FOLDER"
        raise InvalidParameter(message)
    if out is None and formats == ("pdf",) and sys.stdout.isatty():
        message = "--format pdf: not shown in a terminal; give --out FILE"
        raise InvalidParameter(message)


def parse_formats(text: str | None, out: str | None) -> tuple[str, ...]:
    """The formats of a comma-separated list, each once.

    Args:
        text: The list; None for the terminal, or for what the name of the file says.
        out: File or folder; None for standard output.

    Raises:
        InvalidParameter: An unknown one, or the terminal with a file.
    """
    if text is None:
        suffix = "" if out is None else Path(out).suffix.removeprefix(".")
        default = "terminal" if out is None else "html"
        return (suffix if suffix in FORMATS else default,)
    formats = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
    for name in formats:
        if name not in FORMATS:
            message = f"--format {name!r}: not known; expected {', '.join(FORMATS)}"
            raise InvalidParameter(message)
    if out is not None and formats == ("terminal",):
        message = f"--format terminal: shown on the screen, not written to {out}; leave out --out"
        raise InvalidParameter(message)
    return formats


def _parse_day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as exc:
        message = f"--date {text!r}: expected a day such as 2026-11-21"
        raise InvalidParameter(message) from exc


@click.command(
    short_help="The daily report of a node.",
    epilog="Example: daznode report ACINQ --format html,pdf --out reports/",
)
@click.argument("node", metavar="[NODE]", required=False)
@graph_option
@click.option("--date", "day", metavar="D", help="UTC day of the report; default today.")
@click.option(
    "--format",
    "formats_text",
    help="terminal (default), json, md, html, pdf; several with commas.",
)
@click.option("--out", metavar="PATH", help="File, or folder for several formats.")
@click.option("--language", type=click.Choice(["en", "fr"]), help="Default: DAZNODE_LANGUAGE, en.")
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
def report(  # noqa: PLR0913 - one argument per option
    node: str | None,
    graph: str | None,
    day: str | None,
    formats_text: str | None,
    out: str | None,
    language: str | None,
    *,
    as_json: bool,
) -> None:
    """The daily report of NODE (a key or an alias), stored and shown; of the connected node without.

    Without a connected node the report rests on the stored network snapshots, or on the dump given
    with --graph, and says so.
    """
    formats = parse_formats("json" if as_json else formats_text, out)
    check_destination(formats, out)
    report_day = _parse_day(day)

    async def trip(services: Services) -> tuple[tuple[Path, ...], Page | None, bytes]:
        whose = node if node is not None else await services.own_node_id()
        made = await services.report(whose, graph=graph, day=report_day, language=language)
        files = () if out is None else write_files(services, made, formats, out)
        page = services.page(made) if "terminal" in formats else None
        is_piped = out is None and page is None
        return files, page, services.render(made, formats[0]) if is_piped else b""

    files, page, content = session.run(trip)
    if page is not None:
        print_page(page, Console())
    if content:
        click.echo(content, nl=False)
    for path in files:
        click.echo(str(path), err=True)
