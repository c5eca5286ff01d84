"""The scanner as plain Python: no read outside the buffer, on dumps cut and mutated anywhere."""

import os
import subprocess
import sys

import numpy as np
from tests.dumps import a_document, a_dump, as_bytes

from daznode.adapters.sources import fast_reader
from daznode.adapters.sources.exact_reader import read_exactly
from daznode.adapters.sources.fast_reader import read_fast
from daznode.adapters.sources.scanner import compile_scanner
from daznode.domain.progress import silent

# Kernels run uncompiled, on reads that check their offset, with a padding of exactly what
# `PADDING_BYTES` promises.
CHECKED = """
import random, sys, warnings
import numpy as np
from daznode.adapters.sources import scanner, scanner_json
warnings.simplefilter("ignore")

def byte_at(b, i):
    assert 0 <= i < len(b), i
    return int(b[i])

def word_at(b, i):
    assert 0 <= i <= len(b) - 8, i
    return np.frombuffer(b[i : i + 8].tobytes(), "<u8")[0]

def low_bytes(word):
    word = int(word)
    return ((word & -word).bit_length() - 1) // 8 if word else 8

for module in (scanner, scanner_json):
    for name, plain in (("byte_at", byte_at), ("word_at", word_at), ("low_bytes", low_bytes)):
        if hasattr(module, name):
            setattr(module, name, plain)

from daznode.adapters.sources.fast_reader import read_fast
from daznode.domain.progress import silent
from tests.dumps import a_document, a_dump, as_bytes
from tests.property.test_dumps import WORDS

text = as_bytes(a_dump(2), indent=1)
rng = random.Random(int(sys.argv[1]))
taken = 0
for turn in range(int(sys.argv[2])):
    data = bytearray(text)
    if turn:
        at = rng.randrange(len(data))
        if turn % 3 == 0:
            data[at] ^= 1 << rng.randrange(8)
        elif turn % 3 == 1:
            del data[at:]
        else:
            data[at:at] = rng.choice(WORDS)
    taken += read_fast(a_document(bytes(data)), silent) is not None
print(taken)
"""


def test_uncompiled_kernels_never_read_outside_the_buffer() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CHECKED, "11", "150"],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert 1 < int(done.stdout) < 150


def test_batches_join_and_the_key_table_grows(monkeypatch: object) -> None:
    """Records over several batches come out as from one."""
    compile_scanner()
    document = a_document(as_bytes(a_dump(40)))
    whole = read_fast(document, silent)
    monkeypatch.setattr(fast_reader, "_BATCH_RECORDS", 3)  # type: ignore[attr-defined]
    parts = read_fast(document, silent)
    assert whole is not None
    assert parts is not None
    assert np.array_equal(whole.rows.policy_values, parts.rows.policy_values)
    assert np.array_equal(whole.rows.keys, parts.rows.keys)
    assert whole.rows.alias == parts.rows.alias


def test_scanner_gives_up_on_what_it_does_not_know() -> None:
    text = as_bytes(a_dump(3))
    surprises = {
        b'"capacity": "1000000"': b'"capacity": 1e6',
        b'"channel_id"': b'"\\u0063hannel_id"',
        b'"color": "#3399ff"': b'"color": "\xff"',
        b'"disabled": false': b'"disabled": 0',
        b'"edges"': b'"channels"',
        b'"alias": "node 1"': b'"alias": "node 1", "alias": ""',
    }
    for old, new in surprises.items():
        assert read_fast(a_document(text.replace(old, new, 1)), silent) is None
    assert read_fast(a_document(text), silent) is not None


def test_keys_made_to_collide_are_left_to_the_exact_reader() -> None:
    """Keys of one hash would make the search quadratic: the scanner stops after some steps."""
    first = 0x9E3779B97F4A7C15
    dump = a_dump(2)
    # Words 0, 2 and 3 of these keys differ while their mix is the same.
    for number in range(600):
        word = number * first % 2**64
        words = (word.to_bytes(8, "big"), bytes(8), word.to_bytes(8, "big"), bytes(8))
        dump["nodes"].append({"pub_key": "02" + b"".join(words).hex()})
    document = a_document(as_bytes(dump))
    assert read_fast(document, silent) is None
    assert read_exactly([document], silent).n_node_records == 602


def test_scanner_takes_just_the_texts_that_are_utf8() -> None:
    """All first bytes with the edges of what may follow them, as the standard decoder has it."""
    text = as_bytes(a_dump(2))
    edges = (0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0)
    n_taken = 0
    for lead in range(0x80, 0x100):
        for second in edges:
            for tail in (b"", b"\x80", b"\x80\xbf", b"\x80\xc0"):
                piece = bytes((lead, second)) + tail
                try:
                    is_text = piece.decode().isprintable() or min(piece) >= 0x20
                except UnicodeDecodeError:
                    is_text = False
                document = a_document(text.replace(b"#3399ff", piece, 1))
                is_taken = read_fast(document, silent) is not None
                assert is_taken == is_text, piece
                n_taken += is_taken
    assert n_taken > 100
