"""The commands of docs/credentials.md run as they stand there."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.credential_samples import a_rune, a_wallet_key

PAGE = Path(__file__).parents[2] / "docs" / "credentials.md"


def test_the_commands_of_the_page_run(tmp_path):
    (tmp_path / "rune.txt").write_bytes(a_rune("method=getinfo"))
    (tmp_path / "invoice-key.txt").write_bytes(a_wallet_key())
    (tmp_path / "new-invoice-key.txt").write_bytes(a_wallet_key(bytes(32)))
    (block,) = re.findall(r"```console\n(.*?)```", PAGE.read_text(), re.DOTALL)
    lines = [line.removeprefix("$ ") for line in block.splitlines()]
    assert len(lines) == 7
    script = f'set -e\ndaznode() {{ {sys.executable} -m daznode "$@"; }}\n'
    done = subprocess.run(
        ["/bin/sh", "-c", script + "\n".join(lines)],
        cwd=tmp_path,
        env=os.environ | {"DAZNODE_DATA_DIR": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "wallet: secret destroyed (version 2)" in done.stdout
