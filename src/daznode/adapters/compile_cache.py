"""Whether the kernels that this program compiles are already in the cache folder."""

import hashlib
from pathlib import Path

import llvmlite.binding
import numba

import daznode


class CompileCache:
    """A folder of compiled kernels, with a mark for each set of kernels compiled into it.

    numba keeps compiled functions by file stamp and processor; the mark covers the same, so that a
    new version or another machine is told apart from a warm cache.

    Args:
        folder: Where numba keeps compiled functions.
        what: Which set of kernels.
    """

    def __init__(self, folder: Path, what: str) -> None:
        """Look at the program's own files, not yet at the folder."""
        self._mark = folder / f"compiled-{what.replace(' ', '-')}-{_fingerprint()}"

    def is_warm(self) -> bool:
        """Whether this program's kernels were all compiled into the folder before."""
        return self._mark.exists()

    def set_warm(self) -> None:
        """Say that they now are."""
        self._mark.touch()


def _fingerprint() -> str:
    package = Path(daznode.__file__).parent
    stamps = [
        f"{path.relative_to(package)} {path.stat().st_size} {path.stat().st_mtime_ns}"
        for path in sorted(package.rglob("*.py"))
        if "numba" in path.read_text(encoding="utf-8")
    ]
    cpu = llvmlite.binding.get_host_cpu_name()
    text = "\n".join([daznode.__version__, numba.__version__, cpu, *stamps])
    return hashlib.sha256(text.encode()).hexdigest()[:16]
