import json
import subprocess
import sys

import pytest

from abstory.cli.main import run

GOOD = "version: 1\nkey: {}\nfactors: {{cta: [none, buy]}}\nmetrics: {{primary: cta_rate}}\n"


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "experiments").mkdir()
    return tmp_path


def test_it_goes_on_after_a_bad_file(project, capsys):
    (project / "experiments/a.yaml").write_text("nonsense")
    (project / "experiments/b.yaml").write_text(GOOD.format("B"))
    assert run(["validate", "--format", "concise"]) == 2
    said = capsys.readouterr()
    assert "a.yaml:1:1: E117" in said.out
    assert "b.yaml:2:6: E205" in said.out
    assert "2 files, 2 errors, 0 warnings" in said.err


def test_one_key_in_two_files_is_an_error(project, capsys):
    for name in ("a", "b"):
        (project / f"experiments/{name}.yaml").write_text(GOOD.format("same"))
    assert run(["validate", "--format", "concise"]) == 2
    assert "b.yaml:2:6: E501" in capsys.readouterr().out


def test_warnings_fail_only_when_strict(project, capsys):
    (project / "experiments/a.yaml").write_text(GOOD.format("a"))
    assert run(["validate"]) == 0
    assert run(["validate", "--strict"]) == 2
    assert "W203" in capsys.readouterr().out


def test_nothing_to_check_and_no_such_file(project, capsys):
    assert run(["validate"]) == 2
    assert run(["validate", "missing.yaml"]) == 2
    assert "no such file" in capsys.readouterr().out


def test_init_new_validate_schema(project, capsys):
    assert run(["init", "shop"]) == 0
    for key, template in (("first", "ab"), ("second", "factorial")):
        assert run(["-C", "shop", "new", key, "--template", template]) == 0
    assert run(["-C", "shop", "validate", "--strict"]) == 0
    before = (project / "shop/experiments/first.yaml").read_bytes()
    assert run(["-C", "shop", "new", "first"]) == 2
    assert run(["init", "shop"]) == 0
    assert (project / "shop/experiments/first.yaml").read_bytes() == before
    assert run(["-C", "shop", "new", "../x"]) == 2
    assert run(["-C", "shop", "new", "x", "--template", "calendar"]) == 2
    capsys.readouterr()
    assert run(["schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert schema["required"] == ["version", "key", "metrics"]
    assert schema["additionalProperties"] is False


def test_validate_imports_no_engine(project):
    (project / "experiments/a.yaml").write_text(GOOD.format("a"))
    code = "import sys; from abstory.cli.main import run; run(['validate', '-h'][:1]); print(sorted({'numpy','scipy','duckdb','polars','rich'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=project)
    assert done.stdout.splitlines()[-1] == "[]"
