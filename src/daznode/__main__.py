"""`python -m daznode` is the command line."""

import sys

from daznode.domain.errors import Interrupted


def main() -> None:
    """Run the command line; Ctrl-C ends it in one line, even while it is still loading."""
    try:
        from daznode.edges.cli.app import cli

        cli()
    except KeyboardInterrupt:
        print(Interrupted.told, file=sys.stderr)  # noqa: T201
        sys.exit(Interrupted.exit_code)


if __name__ == "__main__":
    main()
