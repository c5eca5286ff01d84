"""What is looked after before a service serves: the store up to date, code compiled, notes for people."""

from collections.abc import Callable
from typing import Final

from daznode.config import Settings, prepare_compile_cache
from daznode.domain.accounts import Role
from daznode.domain.errors import StoreUnavailable

NO_ADMIN: Final = (
    "No administrator yet; make one: daznode user add NAME --role admin, then POST /auth/login "
    "or daznode user token NAME"
)

NO_NETWORK: Final = "No network snapshot yet; import one: daznode network import FILE"


async def preflight(settings: Settings, say: Callable[[str], None]) -> tuple[str, ...]:
    """Bring the store up to date, and compile what measures networks if that was not done before.

    Args:
        settings: What was set.
        say: Told in a line what takes long.

    Returns:
        What whoever starts the service should know, a line each.

    Raises:
        StorageError: What is stored cannot be used. A database that cannot be reached just now is
            only noted: the service waits for it.
    """
    from daznode.wiring.kernels import compile_kernels
    from daznode.wiring.storage import open_stores

    compile_kernels(prepare_compile_cache(settings.data_dir), say)
    stores = open_stores(settings, settings.data_dir, settings.report_files_dir)
    notes = []
    try:
        await stores.prepare()
        accounts = await stores.accounts.accounts()
        if not any(one.role is Role.ADMIN and not one.is_disabled for one in accounts):
            notes.append(NO_ADMIN)
        if not await stores.snapshots.summaries():
            notes.append(NO_NETWORK)
    except StoreUnavailable as exc:
        notes.append(f"The store cannot be reached yet: {exc}")
    finally:
        await stores.close()
    return tuple(notes)
