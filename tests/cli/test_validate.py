import subprocess
import sys

import pytest

from abstory.cli.main import run
from abstory.errors import ExitCode

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
    said = capsys.readouterr()
    assert "error E101: missing.yaml: there is no such file" in said.out
    assert "abstory new KEY" in said.err


def test_the_second_of_two_files_names_the_first(project, capsys):
    for name in ("a", "b"):
        (project / f"experiments/{name}.yaml").write_text(GOOD.format("same"))
    run(["validate", str(project / "experiments")])
    assert f"the key same is already used in {project / 'experiments/a.yaml'}" in " ".join(
        capsys.readouterr().out.split()
    )


def test_cuts_are_looked_for_when_asked(project, capsys):
    path = project / "experiments/a.yaml"
    path.write_text(GOOD.format("a") + "story: launch\nasset: cuts/{key}/{story}_{cta}_{variant}.mp4\n")
    assert run(["validate"]) == 0
    (project / "cuts/a").mkdir(parents=True)
    (project / "cuts/a/launch_none_none.mp4").touch()
    assert run(["validate", "--assets", "--format", "concise"]) == 2
    (missing,) = (line for line in capsys.readouterr().out.splitlines() if " E502 " in line)
    assert "a.yaml:6:8: E502 asset: no cut of buy: cuts/a/launch_buy_buy.mp4" in missing
    (project / "cuts/a/launch_buy_buy.mp4").touch()
    assert run(["validate", "--assets"]) == 0


def test_cuts_lie_in_the_project_wherever_it_is_called_from(project, tmp_path_factory, monkeypatch):
    (project / "experiments/a.yaml").write_text(GOOD.format("a") + "asset: '{cta}.mp4'\n")
    for level in ("none", "buy"):
        (project / f"{level}.mp4").touch()
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert run(["-C", str(project), "validate", "--assets"]) == 0


def test_people_read_80_columns_or_what_is_asked(project, capsys):
    (project / "experiments/a.yaml").write_text(GOOD.format("a") + f"password: x\ntitle: [{'a, ' * 60}b]\n")
    for width in (40, 80, 120):
        assert run(["--width", str(width), "validate"]) == 2
        lines = [line for line in capsys.readouterr().out.splitlines() if "-->" not in line]
        assert max(map(len, lines)) <= width


def test_github_titles_say_what_the_code_means(project, capsys):
    (project / "experiments/a.yaml").write_text(GOOD.format("B"))
    run(["validate", "--format", "github"])
    assert ",line=2,col=6,title=E205 not a name::" in capsys.readouterr().out


LOADED = """
import sys
from abstory.cli.main import run
code = run(["validate"])
print(sorted({"numpy", "scipy", "statsmodels", "duckdb", "polars", "rich", "jinja2"} & set(sys.modules)))
sys.exit(code)
"""


@pytest.mark.parametrize(("key", "code", "said"), [("good", 0, "1 file, 0 errors"), ("Bad", 2, "1 file, 1 error")])
def test_checking_a_file_imports_no_engine_and_draws_nothing(project, key, code, said):
    (project / "experiments/a.yaml").write_text(GOOD.format(key))
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=False, cwd=project)
    assert done.returncode == code
    assert said in done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


def test_fix_puts_words_right_and_says_which(call, tmp_path):
    file = tmp_path / "experiments" / "cta.yaml"
    file.parent.mkdir()
    file.write_text(
        "version: 1\nkey: cta\nfactor: {cta: [none, shop_now]}\nmetrics: {primary: [{name: cta_rat, mde: 0.2}]}\n"
    )
    code, out, errors = call("-C", tmp_path, "validate", "--fix", "--format", "concise")
    assert code == ExitCode.REFUSED
    assert f"fixed {file}:3:1: factor is now factors" in errors
    assert f"fixed {file}:4:28: cta_rat is now cta_rate" in errors
    assert "E206" in out
    assert "factors: {cta" in file.read_text()
    file.write_text(file.read_text().replace("0.2", "20%"))
    before = file.read_bytes()
    assert call("-C", tmp_path, "validate", "--fix")[0] == ExitCode.DONE
    assert file.read_bytes() == before
