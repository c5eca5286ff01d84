"""The permit to change a node: there is none while DRY_RUN is on, and no writer is made without one."""

from daznode.domain.errors import DryRun


class WritePermit:
    """What every writer asks for when it is made.

    Args:
        dry_run: `DRY_RUN`.

    Raises:
        DryRun: It is on.
    """

    __slots__ = ("_is_given",)

    def __init__(self, *, dry_run: bool) -> None:
        """Refuse while dry."""
        if dry_run:
            message = "DRY_RUN is on: nothing is changed on a node; takes DRY_RUN=false"
            raise DryRun(message)
        self._is_given = True

    def check(self) -> None:
        """Make sure that this is a permit that was given.

        Raises:
            DryRun: It is not: it was made without its constructor.
        """
        if not getattr(self, "_is_given", False):
            message = "no permit to change a node was given; takes DRY_RUN=false"
            raise DryRun(message)
