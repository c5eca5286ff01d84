"""Experiments in the data folder: one folder each, one file for each finished run.

    experiments/{experiment_id}/plan.json
    experiments/{experiment_id}/runs/{node_id}-{seed}-{policy}.json.zst

The id is the hash of the plan, so an experiment that is started again finds its own runs. A file
appears whole, in one step; a killed run leaves none. What a killed writer began is removed by the
next one. A run whose file is damaged counts as not made; it is made again and replaces the file.
"""

import asyncio
import re
from pathlib import Path
from typing import Final

from daznode.adapters.store.atomic import disk_errors, folder_lock, make_private, write_whole
from daznode.adapters.store.experiment_codec import (
    decode_plan,
    decode_run,
    encode_plan,
    encode_run,
    experiment_id_of,
)
from daznode.domain.errors import InvalidParameter, StoreCorrupt
from daznode.domain.experiment import ExperimentPlan, RunKey, RunOutcome
from daznode.domain.kept_experiment import KeptExperiment

_EXPERIMENT_ID: Final = re.compile(r"[0-9a-f]{16}")
_NODE_ID: Final = re.compile(r"[0-9a-f]{66}")
_POLICY: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.#-]{0,63}")
_LARGEST_RUN_BYTES: Final = 64 * 2**20
_PLAN: Final = "plan.json"
_RUNS: Final = "runs"
_LOCK: Final = ".lock"
_RUN_SUFFIX: Final = ".json.zst"


class ExperimentFolders:
    """Experiments below the data folder, an `ExperimentStore`.

    Each call works in a thread. Several stores, in any number of processes, may use the same folder.

    Args:
        data_folder: `DAZNODE_DATA_DIR`.
    """

    def __init__(self, data_folder: Path) -> None:
        """Touch nothing yet."""
        self._data_folder = data_folder
        self._root = data_folder / "experiments"

    async def begin(self, plan: ExperimentPlan) -> str:
        """Make room for an experiment; a plan of it that is damaged is written again.

        Returns:
            Its id.

        Raises:
            StoreUnavailable: It cannot be written.
        """
        return await asyncio.to_thread(self._begin, plan)

    async def put_run(self, experiment_id: str, outcome: RunOutcome) -> None:
        """Keep a run, whole or not at all, in place of an earlier one of the same key.

        Raises:
            StoreUnavailable: It cannot be written, or the experiment was never begun.
            InvalidParameter: The key cannot name a file.
        """
        await asyncio.to_thread(self._put_run, experiment_id, outcome)

    async def get_run(self, experiment_id: str, key: RunKey) -> RunOutcome | None:
        """A run that is kept; None if there is none or it is damaged, so that it is made again.

        Raises:
            MigrationNeeded: It was written by a newer version of the program.
            StoreUnavailable: The disk refuses to read it.
            InvalidParameter: The key cannot name a file.
        """
        return await asyncio.to_thread(self._get_run, experiment_id, key)

    async def experiments(self) -> tuple[KeptExperiment, ...]:
        """All experiments, by id.

        Raises:
            StoreCorrupt: A plan cannot be read; the message names the file.
            MigrationNeeded: One was written by a newer version of the program.
            StoreUnavailable: The disk refuses to read.
        """
        return await asyncio.to_thread(self._experiments)

    def _begin(self, plan: ExperimentPlan) -> str:
        make_private(self._data_folder)
        experiment_id = experiment_id_of(plan)
        folder = self._root / experiment_id
        data = encode_plan(plan)
        with disk_errors(folder, "written"):
            (folder / _RUNS).mkdir(parents=True, exist_ok=True)
            file = folder / _PLAN
            if not file.exists() or file.read_bytes() != data:
                write_whole(file, data)
        return experiment_id

    def _put_run(self, experiment_id: str, outcome: RunOutcome) -> None:
        file = self._run_file(experiment_id, outcome.key)
        data = encode_run(outcome)
        with folder_lock(self._folder(experiment_id) / _LOCK), disk_errors(file, "written"):
            for leftover in file.parent.glob(".*.tmp"):
                leftover.unlink()
            write_whole(file, data)

    def _get_run(self, experiment_id: str, key: RunKey) -> RunOutcome | None:
        file = self._run_file(experiment_id, key)
        with disk_errors(file, "read"):
            if not file.is_file() or file.stat().st_size > _LARGEST_RUN_BYTES:
                return None
            data = file.read_bytes()
        try:
            outcome = decode_run(data, str(file))
        except StoreCorrupt:
            return None
        return outcome if outcome.key == key else None

    def _experiments(self) -> tuple[KeptExperiment, ...]:
        with disk_errors(self._root, "read"):
            if not self._root.is_dir():
                return ()
            names = sorted(
                folder.name
                for folder in self._root.iterdir()
                if _EXPERIMENT_ID.fullmatch(folder.name)
            )
        return tuple(self._kept(name) for name in names)

    def _kept(self, experiment_id: str) -> KeptExperiment:
        folder = self._root / experiment_id
        file = folder / _PLAN
        with disk_errors(folder, "read"):
            try:
                data = file.read_bytes()
            except FileNotFoundError as error:
                message = f"{file}: missing; start the experiment again or remove the folder"
                raise StoreCorrupt(message) from error
            names = {run.name for run in (folder / _RUNS).glob(f"*{_RUN_SUFFIX}")}
        plan = decode_plan(data, str(file))
        finished = sum(_run_name(key) in names for key in plan.keys)
        return KeptExperiment(experiment_id, plan, finished)

    def _folder(self, experiment_id: str) -> Path:
        if _EXPERIMENT_ID.fullmatch(experiment_id) is None:
            message = f"experiment {experiment_id[:40]!r}: expected 16 hex characters"
            raise InvalidParameter(message)
        return self._root / experiment_id

    def _run_file(self, experiment_id: str, key: RunKey) -> Path:
        return self._folder(experiment_id) / _RUNS / _run_name(key)


def _run_name(key: RunKey) -> str:
    if _NODE_ID.fullmatch(key.node_id) is None or _POLICY.fullmatch(key.policy) is None:
        message = (
            f"run of node {key.node_id[:70]!r} under policy {key.policy[:70]!r}: names a file; "
            "expected a node key, and 1 to 64 of the characters A-Z a-z 0-9 _ . # -"
        )
        raise InvalidParameter(message)
    return f"{key.node_id}-{key.seed}-{key.policy}{_RUN_SUFFIX}"
