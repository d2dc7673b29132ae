import os

import pytest


def tree(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_it_makes_a_project_and_says_what_is_next(tmp_path, call):
    code, out, err = call("init", tmp_path / "shop")
    assert code == 0
    assert (tmp_path / "shop/experiments").is_dir()
    assert sorted(tree(tmp_path / "shop")) == [".gitignore", "README.md"]
    assert [line.rpartition(os.sep)[2] for line in out.splitlines()] == ["experiments", "README.md", ".gitignore"]
    assert "new my-first-test" in err


def test_without_a_directory_it_is_the_project_folder(tmp_path, call):
    assert call("-C", tmp_path / "here", "init")[0] == 0
    assert (tmp_path / "here/experiments").is_dir()


def test_data_are_ignored_by_git(tmp_path, call):
    call("init", tmp_path)
    assert "abstory.duckdb*" in (tmp_path / ".gitignore").read_text().splitlines()


def test_it_never_overwrites(tmp_path, call):
    (tmp_path / "README.md").write_text("mine")
    call("init", tmp_path)
    before = tree(tmp_path)
    code, out, _ = call("init", tmp_path)
    assert code == 0
    assert tree(tmp_path) == before
    assert before["README.md"] == b"mine"
    assert "README.md" not in out


def test_a_file_in_the_way_is_told(tmp_path, call):
    (tmp_path / "shop").write_text("a file")
    code, out, err = call("init", tmp_path / "shop")
    assert (code, out) == (6, "")
    assert "shop" in err


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_told(tmp_path, call):
    tmp_path.chmod(0o500)
    assert call("init", tmp_path / "shop")[0] == 6
