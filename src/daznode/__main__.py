"""`python -m daznode` is the command line."""


def main() -> None:
    """Run the command line."""
    from daznode.edges.cli.app import cli

    cli()


if __name__ == "__main__":
    main()
