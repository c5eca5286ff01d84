"""Settings: read once, refused in one line, and a place for compiled kernels wherever we run."""

import os
from pathlib import Path

import pytest

from daznode import config
from daznode.config import load_settings, prepare_compile_cache
from daznode.domain.errors import ConfigError
from daznode.domain.measures import ScoreWeights

VARIABLES = (
    "DAZNODE_DATA_DIR",
    "RAG_ASSETS_DIR",
    "DAZNODE_LANGUAGE",
    "DAZNODE_THREADS",
    "DAZNODE_SCORE_WEIGHTS",
    "DAZNODE_MAX_DUMP_BYTES",
    "NUMBA_CACHE_DIR",
)


@pytest.fixture(autouse=True)
def bare(monkeypatch, tmp_path):
    for name in VARIABLES:
        monkeypatch.setenv(name, "")  # so that what a test sets is taken back
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_defaults():
    settings = load_settings()
    assert settings.language == "en"
    assert settings.score_weights == ScoreWeights(0.4, 0.3, 0.3)
    assert settings.report_files_dir == settings.data_dir / "rag" / "RAG_assets"
    assert 1 <= settings.threads <= 64


def test_environment_wins_over_the_file(monkeypatch, tmp_path):
    (tmp_path / ".env").write_text("DAZNODE_LANGUAGE=fr\nDAZNODE_THREADS=3\nOTHER=1\n")
    monkeypatch.setenv("DAZNODE_THREADS", "2")
    settings = load_settings()
    assert (settings.language, settings.threads) == ("fr", 2)


def test_weights(monkeypatch):
    monkeypatch.setenv("DAZNODE_SCORE_WEIGHTS", "0.5, 0.25, 0.25")
    assert load_settings().score_weights == ScoreWeights(0.5, 0.25, 0.25)


@pytest.mark.parametrize(
    ("variable", "value", "takes"),
    [
        ("DAZNODE_THREADS", "0", "1 to 64"),
        ("DAZNODE_THREADS", "two", "1 to 64"),
        ("DAZNODE_LANGUAGE", "de", "en or fr"),
        ("DAZNODE_SCORE_WEIGHTS", "0.4,0.3", "three numbers"),
        ("DAZNODE_SCORE_WEIGHTS", "0.4,0.3,0.2", "sum to 1"),
        ("DAZNODE_SCORE_WEIGHTS", "1.4,-0.2,-0.2", "from 0 to 1"),
        ("DAZNODE_SCORE_WEIGHTS", "nan,0.5,0.5", "three numbers"),
        ("DAZNODE_MAX_DUMP_BYTES", "12", "1,000,000"),
    ],
)
def test_a_wrong_value_is_refused_in_one_line(monkeypatch, variable, value, takes):
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError) as caught:
        load_settings()
    line = str(caught.value)
    assert line.startswith(f"{variable}={value!r}: takes ")
    assert takes in line
    assert "\n" not in line


def test_all_wrong_values_are_told_at_once(monkeypatch):
    monkeypatch.setenv("DAZNODE_THREADS", "0")
    monkeypatch.setenv("DAZNODE_LANGUAGE", "de")
    with pytest.raises(
        ConfigError, match=r"DAZNODE_LANGUAGE.*DAZNODE_THREADS|DAZNODE_THREADS.*DAZNODE_LANGUAGE"
    ):
        load_settings()


def test_kernels_go_into_the_users_cache_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = prepare_compile_cache(tmp_path / "data")
    assert folder is not None
    assert folder.is_dir()
    assert tmp_path in folder.parents
    assert os.environ["NUMBA_CACHE_DIR"] == str(folder)


def test_a_folder_given_for_kernels_is_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "mine"))
    folder = prepare_compile_cache(tmp_path / "data")
    assert folder is not None
    assert folder.parent == tmp_path / "mine"
    assert os.environ["NUMBA_CACHE_DIR"] == str(folder)
    assert prepare_compile_cache(tmp_path / "data") == folder, "as a child process finds it"


@pytest.fixture
def package(monkeypatch, tmp_path):
    """A package of a kernel, what it rests on, and what it has nothing to do with."""
    folder = tmp_path / "daznode"
    (folder / "deep").mkdir(parents=True)
    files = {
        "config.py": "",
        "kernel.py": "from numba import njit\nfrom daznode.deep.low import f\n",
        "deep/low.py": "from daznode.constants import ONE\n",
        "constants.py": "ONE = 1\n",
        "other.py": "TEXT = 'from numba import njit'\n",
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    monkeypatch.setattr(config, "__file__", str(folder / "config.py"))
    return folder


def _kernel_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    return prepare_compile_cache(tmp_path / "data")


@pytest.mark.parametrize("name", ["kernel.py", "deep/low.py", "constants.py"])
def test_what_a_kernel_rests_on_changes_its_folder(monkeypatch, tmp_path, package, name):
    first = _kernel_folder(monkeypatch, tmp_path)
    assert _kernel_folder(monkeypatch, tmp_path) == first
    before = (package / name).read_text()
    (package / name).write_text(before + "TWO = 2\n")
    assert _kernel_folder(monkeypatch, tmp_path) != first
    (package / name).write_text(before)
    assert _kernel_folder(monkeypatch, tmp_path) == first


def test_what_no_kernel_rests_on_changes_nothing(monkeypatch, tmp_path, package):
    first = _kernel_folder(monkeypatch, tmp_path)
    (package / "other.py").write_text("")
    (package / "config.py").write_text("A = 1")
    assert _kernel_folder(monkeypatch, tmp_path) == first


def test_of_former_kernels_few_are_kept(monkeypatch, tmp_path, package):
    found = []
    for number in range(12):
        (package / "constants.py").write_text(f"ONE = {number}\n")
        found.append(_kernel_folder(monkeypatch, tmp_path))
        os.utime(found[-1], (number, number))
    assert {one for one in found if one.exists()} == set(found[-8:])


def test_a_folder_given_for_kernels_must_be_writable(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file" / "in"))
    with pytest.raises(ConfigError, match=r"NUMBA_CACHE_DIR=.*takes a folder"):
        prepare_compile_cache(tmp_path / "data")


def test_an_empty_variable_is_not_set(monkeypatch):
    monkeypatch.setenv("DAZNODE_DATA_DIR", "")
    monkeypatch.setenv("DAZNODE_THREADS", "")
    assert load_settings().data_dir.name == "daznode"


def test_without_a_cache_folder_kernels_go_beside_the_data(monkeypatch, tmp_path):
    no_folder = tmp_path / "file"
    no_folder.touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(no_folder))
    monkeypatch.setenv("HOME", str(no_folder))
    folder = prepare_compile_cache(tmp_path / "data")
    assert folder is not None
    assert folder.parent == tmp_path / "data" / "cache" / "kernels"


def test_where_nothing_can_be_written_kernels_are_compiled_anew(monkeypatch, tmp_path):
    no_folder = tmp_path / "file"
    no_folder.touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(no_folder))
    monkeypatch.setenv("HOME", str(no_folder))
    assert prepare_compile_cache(no_folder) is None
    assert Path(os.environ["NUMBA_CACHE_DIR"]).is_dir()
