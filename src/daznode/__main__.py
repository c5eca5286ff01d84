"""`python -m daznode` is the command line."""

import sys
from io import TextIOWrapper

from daznode.domain.errors import Interrupted


def main() -> None:
    """Run the command line; Ctrl-C ends it in one line, even while it is still loading."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # an alias must not end the program in a C locale
    try:
        from daznode.edges.cli.app import cli

        cli()
    except KeyboardInterrupt:
        print(Interrupted.told, file=sys.stderr)  # noqa: T201
        sys.exit(Interrupted.exit_code)


if __name__ == "__main__":
    main()
