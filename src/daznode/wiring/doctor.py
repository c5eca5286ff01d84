"""What `daznode doctor` looks at: one examiner per part that the settings choose."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from daznode.config import Settings
from daznode.domain.diagnosis import Diagnosis
from daznode.usecases.diagnose import (
    REMEDIES,
    ClockExaminer,
    Diagnose,
    ProbeExaminer,
    SchedulerExaminer,
    SnapshotExaminer,
)
from daznode.wiring.identity import SECRET_FILE

if TYPE_CHECKING:
    from daznode.ports.diagnosis import Examiner
    from daznode.ports.health import Probe
    from daznode.wiring.storage import Stores

_ENV_FILE: Final = ".env"


async def examine_installation(settings: Settings) -> tuple[Diagnosis, ...]:
    """What is right and wrong with an installation; nothing is made or changed by asking."""
    from daznode.adapters.clock import SystemClock
    from daznode.wiring.storage import open_stores

    clock = SystemClock()
    stores = open_stores(settings, settings.data_dir, settings.report_files_dir, clock=clock)
    try:
        return await Diagnose(
            (
                *_machine(settings),
                *_kept(settings, stores),
                *_servers(settings),
            )
        ).run()
    finally:
        await stores.close()


def _machine(settings: Settings) -> "tuple[Examiner, ...]":
    from daznode.adapters.identity.secret_examiner import TokenSecretExaminer
    from daznode.adapters.machine.data_folder import DataFolderExaminer
    from daznode.adapters.machine.settings_file import SettingsExaminer

    secret = TokenSecretExaminer(
        settings.data_dir / SECRET_FILE, is_set=settings.jwt_secret is not None
    )
    folders: tuple[Examiner, ...] = (DataFolderExaminer(settings.data_dir),)
    if not settings.report_files_dir.is_relative_to(settings.data_dir):
        folders += (DataFolderExaminer(settings.report_files_dir, "report files"),)
    return (SettingsExaminer(_given(settings), Path(_ENV_FILE)), *folders, secret)


def _given(settings: Settings) -> tuple[str, ...]:
    """Names of the variables that were set."""
    fields = type(settings).model_fields
    return tuple(sorted(str(fields[name].validation_alias) for name in settings.model_fields_set))
