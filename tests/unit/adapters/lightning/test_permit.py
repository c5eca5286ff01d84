"""No permit while dry."""

import pytest

from daznode.adapters.lightning.permit import WritePermit
from daznode.domain.errors import DryRun


def test_a_permit_is_given_only_while_not_dry():
    WritePermit(dry_run=False).check()
    with pytest.raises(DryRun, match="DRY_RUN=false"):
        WritePermit(dry_run=True)


def test_a_forged_permit_is_none():
    with pytest.raises(DryRun):
        object.__new__(WritePermit).check()
