"""A project's own settings: below flags and environment, above our defaults, and refused where not understood."""

import json

import pytest

from abstory.cli.configuration import KEYS, defaults
from abstory.cli.main import root
from abstory.errors import ExitCode, UsageError


def settings(call, folder, *flags):
    code, out, _ = call("-C", folder, *flags, "doctor", "--json")
    assert code == ExitCode.DONE
    return {one["name"]: (one["value"], one["origin"]) for one in json.loads(out)["settings"]}


def test_a_flag_beats_the_environment_beats_the_file_beats_the_default(call, tmp_path, monkeypatch):
    assert settings(call, tmp_path)["wait"] == ("0s", "default")
    (tmp_path / "abstory.toml").write_text('wait = "30s"\nwidth = 90\n')
    assert settings(call, tmp_path)["wait"] == ("30s", str(tmp_path / "abstory.toml"))
    monkeypatch.setenv("ABSTORY_WAIT", "2m")
    assert settings(call, tmp_path)["wait"] == ("120s", "ABSTORY_WAIT")
    told = settings(call, tmp_path, "--wait", "1s")
    assert (told["wait"], told["width"]) == (("1s", "--wait"), ("90", str(tmp_path / "abstory.toml")))


def test_every_setting_is_a_flag_a_variable_and_a_key(call, tmp_path, monkeypatch):
    told = {"db": "x.duckdb", "wait": "7s", "memory": "1GB", "color": "never", "width": "99"}
    switches = {"ascii", "quiet", "verbose"}
    assert told.keys() | switches == KEYS.keys()
    assert {key.option for key in KEYS.values()} < {one.name for one in root.params}
    for name, value in {**told, **dict.fromkeys(switches, "1")}.items():
        monkeypatch.setenv(f"ABSTORY_{name.upper()}", value)
    origins = {name: origin for name, (_, origin) in settings(call, tmp_path).items()}
    assert origins == {name: f"ABSTORY_{name.upper()}" for name in KEYS} | {"project": "--project"}


def test_a_path_of_the_file_is_relative_to_it(call, tmp_path, monkeypatch):
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "abstory.toml").write_text('db = "data/x.duckdb"\n')
    monkeypatch.chdir(tmp_path)
    assert settings(call, "inside")["db"][0] == "inside/data/x.duckdb"


def test_a_table_of_pyproject_counts_where_there_is_no_file_of_ours(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n\n[tool.abstory]\nascii = true\n')
    assert defaults(tmp_path) == {"ascii_only": True}
    (tmp_path / "abstory.toml").write_text("quiet = true\n")
    assert defaults(tmp_path) == {"quiet": True}
    (tmp_path / "abstory.toml").unlink()
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n')
    assert defaults(tmp_path) == {}


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("# ours\nwidht = 90", ":2: unknown setting widht", "did you mean width?"),
        ("alpha = 0.1", ":1: unknown setting alpha", "it may hold db, wait"),
        ('width = "90"', ':1: width = "90"', "40 to 400"),
        ("width = 20", ":1: width = 20", "40 to 400"),
        ("width = true", ":1: width = true", "40 to 400"),
        ("wait = 30", ":1: wait = 30", '"30s"'),
        ('wait = "soon"', ':1: wait = "soon"', '"30s"'),
        ("ascii = 1", ":1: ascii = 1", "true or false"),
        ('color = "blue"', ':1: color = "blue"', '"auto"'),
        ('db = ""', ':1: db = ""', "a path"),
        ("width = ", "Invalid value", "TOML"),
        ("[db]\nx = 1", 'db = {"x": 1}', "a path"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_place(tmp_path, text, said, hint):
    (tmp_path / "abstory.toml").write_text(text)
    with pytest.raises(UsageError) as refused:
        defaults(tmp_path)
    assert said in refused.value.message
    assert hint in refused.value.hint


def test_a_file_that_is_no_text(tmp_path, call):
    (tmp_path / "abstory.toml").write_bytes(b"\xff\xfe\x00")
    code, out, errors = call("-C", tmp_path, "status")
    assert (code, out) == (ExitCode.REFUSED, "")
    assert "it is not UTF-8" in errors


def test_help_needs_no_sound_file(tmp_path, call, monkeypatch):
    (tmp_path / "abstory.toml").write_text("widht = 1")
    monkeypatch.chdir(tmp_path)
    assert call("--help")[0] == ExitCode.DONE
