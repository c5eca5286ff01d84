"""What holds for every test: servers to ask for, compiled code shared with programs started, no clock."""

from pathlib import Path

from hypothesis import settings

from daznode.config import prepare_compile_cache

pytest_plugins = ["tests.servers"]

# Programs that tests start find what this process has compiled, and the other way round. It must be
# said before anything imports numba.
prepare_compile_cache(Path(".pytest_cache"))

# How long an example takes says how busy the machine is.
settings.register_profile("no-clock", deadline=None)
settings.load_profile("no-clock")
