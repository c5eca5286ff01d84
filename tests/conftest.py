"""What holds for every test: servers to ask for, shared compiled code, files in memory, no clock."""

import os
import shutil
from pathlib import Path

from hypothesis import settings

from daznode.config import prepare_compile_cache

pytest_plugins = ["tests.servers"]

# Programs that tests start find what this process has compiled, and the other way round. It must be
# said before anything imports numba.
prepare_compile_cache(Path(".pytest_cache"))

# Tests kill programs, never the machine: what they store need not wait for a disk. In a container
# memory may be scarce, or refuse to run programs.
IN_MEMORY = Path("/dev/shm")
ROOM_BYTES = 1 << 30
if (
    os.access(IN_MEMORY, os.W_OK)
    and shutil.disk_usage(IN_MEMORY).free > ROOM_BYTES
    and not os.statvfs(IN_MEMORY).f_flag & os.ST_NOEXEC
):
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(IN_MEMORY))

# How long an example takes says how busy the machine is.
settings.register_profile("no-clock", deadline=None)
settings.load_profile("no-clock")
