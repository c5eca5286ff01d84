"""Wall and CPU time of cases, each in a process of its own, round after round, as medians and JSON."""

import json
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

RESULTS = Path(__file__).parent / "results"

T = TypeVar("T")


@dataclass(frozen=True)
class Timing:
    """Medians of one case.

    Attributes:
        case: Name.
        wall_seconds: Elapsed time of the measured part.
        cpu_seconds: Processor time of all its threads.
        peak_mb: Largest resident memory of the process, MB.
        rounds: How often it ran.
        all_wall_seconds: Elapsed time of each round.
    """

    case: str
    wall_seconds: float
    cpu_seconds: float
    peak_mb: float
    rounds: int
    all_wall_seconds: tuple[float, ...] = field(default=())


def measured(work: Callable[[], T]) -> tuple[T, dict[str, float]]:
    """Run some work and tell what it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return result, {
        "wall_seconds": time.perf_counter() - wall,
        "cpu_seconds": time.process_time() - cpu,
        "peak_mb": peak_mb(),
    }


def peak_mb() -> float:
    """Largest resident memory of this process so far, MB."""
    import resource

    # Kilobytes on Linux, bytes on macOS.
    unit = 1024**2 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def interleaved(
    module: str, cases: Sequence[str], arguments: Sequence[str], rounds: int
) -> dict[str, Timing]:
    """Run every case in its own process, one after another, as often as wanted.

    The module is called as `python -m MODULE --case CASE ARGUMENTS...` and must print, as its last
    line, the JSON of what `measured` told. Cases take turns, so that a busy spell of the machine
    hits all of them.

    Args:
        module: Module to run.
        cases: Names it understands.
        arguments: Further arguments of every run.
        rounds: Turns of each case.

    Returns:
        Medians by case.
    """
    runs: dict[str, list[dict[str, float]]] = {case: [] for case in cases}
    for turn in range(rounds):
        for case in cases:
            command = [sys.executable, "-m", module, "--case", case, *arguments]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                message = f"{case} failed: {done.stderr.strip()[-2000:]}"
                raise RuntimeError(message)
            told = json.loads(done.stdout.strip().splitlines()[-1])
            runs[case].append(told)
            print(
                f"  round {turn + 1}  {case:34s} wall {told['wall_seconds']:8.3f} s"
                f"  cpu {told['cpu_seconds']:8.3f} s  peak {told['peak_mb']:5.0f} MB",
                flush=True,
            )
    return {case: _medians(case, runs[case]) for case in cases}


def write_results(name: str, content: dict[str, Any]) -> Path:
    """Write figures to `bench/results/NAME.json`, with the machine and the versions behind them."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps({"machine": machine(), **content}, indent=1) + "\n")
    return path


def machine() -> dict[str, str]:
    """What the figures were measured on."""
    packages = ("numpy", "numba", "scipy", "igraph", "networkit", "rustworkx")
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        **{package: version(package) for package in packages if find_spec(package)},
    }


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    if not described.exists():
        return platform.processor()
    for line in described.read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def _medians(case: str, runs: Sequence[dict[str, float]]) -> Timing:
    def median(key: str) -> float:
        return statistics.median(run[key] for run in runs)

    return Timing(
        case,
        median("wall_seconds"),
        median("cpu_seconds"),
        max(run["peak_mb"] for run in runs),
        len(runs),
        tuple(run["wall_seconds"] for run in runs),
    )
