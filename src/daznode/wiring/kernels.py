"""Compiled code made ahead: by whoever starts first with a cache folder, and said to the person."""

from collections.abc import Callable
from pathlib import Path

from daznode.domain.progress import Progress, silent

Say = Callable[[str], None]


def compile_kernels(cache_dir: Path | None, say: Say, listener: Progress = silent) -> None:
    """Compile what measures networks, if that was not done before; loads nothing otherwise."""

    def compile_all() -> None:
        from daznode.graph.kernels.warmup import compile_kernels as work

        work(listener)

    _compile(cache_dir, "kernels", compile_all, say)


def compile_payments(cache_dir: Path | None, say: Say, listener: Progress = silent) -> None:
    """Compile what payments of a simulated network run on, if that was not done before."""

    def compile_all() -> None:
        from daznode.simulate.payments.warmup import compile_payment_kernels as work

        work(listener)

    _compile(cache_dir, "the payment simulator", compile_all, say, takes="about half a minute")


def compile_scanner(cache_dir: Path | None, say: Say) -> None:
    """Compile what reads large dumps, if that was not done before."""

    def compile_all() -> None:
        from daznode.adapters.sources.scanner import compile_scanner as work

        work()

    _compile(cache_dir, "the dump scanner", compile_all, say)


def _compile(
    cache_dir: Path | None,
    what: str,
    compile_all: Callable[[], None],
    say: Say,
    *,
    takes: str = "some seconds",
) -> None:
    """Compile ahead if this is the first run with this cache, and say so."""
    from daznode.adapters.compile_cache import CompileCache

    if cache_dir is None:
        say(f"No folder to keep compiled code in can be written: compiling {what} anew.")
        return
    cache = CompileCache(cache_dir, what)
    if cache.is_warm():
        return
    say(f"Compiling {what}, on the first run only; this takes {takes} ...")
    compile_all()
    cache.set_warm()
