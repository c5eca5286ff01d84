"""Plans and runs of experiments to JSON and back, in versioned shapes.

A run is kept as one Zstandard frame with a checksum: the days of every channel of a hub are
megabytes of JSON, and a flipped bit must not read as another figure. Short channel ids are text
(`814x12x1`), since their 64 bits exceed the 2^53 that JSON readers keep exactly.
"""

from hashlib import sha256
from typing import Any, Final

import msgspec
import zstandard

from daznode.adapters.store.codec import (
    UNREADABLE,
    check_shape,
    corrupt,
    expand,
    file_face,
    read_back,
)
from daznode.domain.errors import InvalidScid
from daznode.domain.experiment import ExperimentPlan, RunOutcome
from daznode.domain.ids import format_scid, parse_scid

PLAN_SHAPE: Final = 1
"""Shape of a stored plan, kept as its `shape_version`."""

RUN_SHAPE: Final = 1
"""Shape of a stored run, kept as its `shape_version`."""

_ID_CHARACTERS: Final = 16
_ZSTD_LEVEL: Final = 3
_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder()


def experiment_id_of(plan: ExperimentPlan) -> str:
    """The name of an experiment: the start of SHA-256 of its plan as JSON, 16 hex characters."""
    return sha256(_ENCODER.encode(plan)).hexdigest()[:_ID_CHARACTERS]


def encode_plan(plan: ExperimentPlan) -> bytes:
    """A plan as indented JSON with a newline at the end, its shape's version first."""

    def encode(value: ExperimentPlan) -> bytes:
        return _ENCODER.encode({"shape_version": PLAN_SHAPE, **msgspec.to_builtins(value)})

    return file_face(read_back(plan, encode, decode_plan, "plan of an experiment"))


def decode_plan(data: bytes, where: str = "plan of an experiment") -> ExperimentPlan:
    """A plan.

    Raises:
        StoreCorrupt: It is no plan; the message names the field.
        MigrationNeeded: It was written by a newer version of the program.
    """
    try:
        shape = _DECODER.decode(data)
        check_shape(shape["shape_version"], PLAN_SHAPE, where)
        return msgspec.convert(shape, ExperimentPlan)
    except (*UNREADABLE, KeyError, TypeError) as error:
        raise corrupt(where, error) from error


def encode_run(outcome: RunOutcome) -> bytes:
    """A run as a Zstandard frame of JSON, its shape's version first.

    Raises:
        InvariantBroken: It holds something that cannot be read back unchanged.
    """
    return read_back(outcome, _run_frame, decode_run, f"run {outcome.key}")


def decode_run(kept: bytes, where: str = "run of an experiment") -> RunOutcome:
    """A run.

    Raises:
        StoreCorrupt: It is damaged, or no run; the message names the field.
        MigrationNeeded: It was written by a newer version of the program.
    """
    try:
        shape = _DECODER.decode(expand(kept, where))
        check_shape(shape["shape_version"], RUN_SHAPE, where)
        for channel in shape["channels"]:
            channel["scid"] = parse_scid(channel["scid"])
        return msgspec.convert(shape, RunOutcome)
    except (*UNREADABLE, InvalidScid, KeyError, TypeError, AttributeError) as error:
        raise corrupt(where, error) from error


def _run_frame(outcome: RunOutcome) -> bytes:
    shape: dict[str, Any] = msgspec.to_builtins(outcome)
    for channel in shape["channels"]:
        channel["scid"] = format_scid(channel["scid"])
    packed = _ENCODER.encode({"shape_version": RUN_SHAPE, **shape})
    return zstandard.ZstdCompressor(level=_ZSTD_LEVEL, write_checksum=True).compress(packed)
