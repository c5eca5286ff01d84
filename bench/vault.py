"""What keeping secrets costs: storing, opening with its audit entry, following the trail, a new key."""

import asyncio
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from bench.timing import measured, write_results

from daznode.adapters.vault.keys import KeySource
from daznode.adapters.vault.sqlite import SqliteVault
from daznode.domain.credentials import Access, CredentialKind, NewCredential, Secret

N_CREDENTIALS = 1_000
N_USES = 10_000
ME = Access("bench", "measuring", datetime(2026, 11, 20, tzinfo=UTC))


def main(options: list[str]) -> None:
    del options
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        vault = SqliteVault(folder, KeySource(folder))

        async def store() -> None:
            for number in range(N_CREDENTIALS):
                kind = CredentialKind.LND_READONLY
                new = NewCredential("t", f"node-{number}", kind, Secret("02" * 150))
                await vault.put(new, ME)

        async def use() -> None:
            for number in range(N_USES):
                await vault.open("t", f"node-{number % N_CREDENTIALS}", ME)

        steps = {
            f"store {N_CREDENTIALS}": measured(lambda: asyncio.run(store()))[1],
            f"open {N_USES}": measured(lambda: asyncio.run(use()))[1],
            "check all": measured(lambda: asyncio.run(vault.check()))[1],
            "rekey all": measured(lambda: asyncio.run(vault.rekey(ME)))[1],
        }
        vault.close()
    for step, figures in steps.items():
        print(f"{step:20} {figures['wall_seconds']:8.3f} s")
    write_results("vault", {"n_credentials": N_CREDENTIALS, "n_uses": N_USES, "steps": steps})
