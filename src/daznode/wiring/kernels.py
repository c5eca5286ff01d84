"""Compiled code made ahead: by whoever starts first with a cache folder, and said to the person."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from daznode.domain.progress import Progress, silent

Say = Callable[[str], None]


def compile_kernels(cache_dir: Path | None, say: Say, listener: Progress = silent) -> None:
    """Compile what measures networks, if that was not done before; loads nothing otherwise."""

    def compile_all() -> None:
        from daznode.graph.kernels.warmup import compile_kernels as work

        work(listener)

    _compile(cache_dir, "kernels", compile_all, say)


def compile_scanner(cache_dir: Path | None, say: Say) -> None:
    """Compile what reads large dumps, if that was not done before."""

    def compile_all() -> None:
        from daznode.adapters.sources.scanner import compile_scanner as work

        work()

    _compile(cache_dir, "the dump scanner", compile_all, say)


@contextmanager
def compiling_as_it_runs(cache_dir: Path | None, what: str, say: Say) -> Iterator[None]:
    """Say that a first run takes longer: what it needs is compiled on the way, and kept if it ends.

    Args:
        cache_dir: Where compiled code is kept; None if there is no such place.
        what: Names what is compiled.
        say: Told in a line.
    """
    from daznode.adapters.compile_cache import CompileCache

    cache = None if cache_dir is None else CompileCache(cache_dir, what)
    if cache is None or not cache.is_warm():
        say(f"Compiling {what} on the way, on the first run only; this takes a minute ...")
    yield
    if cache is not None and not cache.is_warm():
        cache.set_warm()


def _compile(cache_dir: Path | None, what: str, compile_all: Callable[[], None], say: Say) -> None:
    """Compile ahead if this is the first run with this cache, and say so."""
    from daznode.adapters.compile_cache import CompileCache

    if cache_dir is None:
        say(f"No folder to keep compiled code in can be written: compiling {what} anew.")
        return
    cache = CompileCache(cache_dir, what)
    if cache.is_warm():
        return
    say(f"Compiling {what}, on the first run only; this takes some seconds ...")
    compile_all()
    cache.set_warm()
