"""A mark for each set of compiled kernels, program version and processor."""

from daznode.adapters.compile_cache import CompileCache


def test_a_fresh_folder_is_cold_and_stays_warm_once_marked(tmp_path):
    cache = CompileCache(tmp_path, "kernels")
    assert not cache.is_warm()
    cache.set_warm()
    assert CompileCache(tmp_path, "kernels").is_warm()


def test_sets_of_kernels_are_told_apart(tmp_path):
    CompileCache(tmp_path, "kernels").set_warm()
    assert not CompileCache(tmp_path, "the dump scanner").is_warm()


def test_another_version_starts_cold(tmp_path, monkeypatch):
    CompileCache(tmp_path, "kernels").set_warm()
    monkeypatch.setattr("daznode.__version__", "99.0.0")
    assert not CompileCache(tmp_path, "kernels").is_warm()
