"""Every file of tests/specs through `abstory validate`: the valid ones pass, each mistake is named at its place.

The lines and columns of `invalid/index.csv` were taken from our own output and then read against each file by eye.
So that nobody has to trust that, `text` is what stands in the file at the place, and a test looks it up there without
our reader; it is empty where nothing readable stands (another encoding, a character that does not show, a whole file).
"""

import csv
import json
from pathlib import Path

import pytest

from abstory.cli.main import run
from abstory.spec import check_file, load_file

SPECS = Path(__file__).parent.parent / "specs"
EXAMPLES = Path(__file__).parent.parent.parent / "experiments"
MISTAKES = list(csv.DictReader((SPECS / "invalid" / "index.csv").read_text(encoding="utf-8").splitlines()))
VALID = sorted((SPECS / "valid").glob("*.yaml"))
PICTURED = [
    "unknown_field",
    "norway",
    "mde_bare",
    "duplicate_key",
    "secret",
    "horizon_too_long",
    "escape_raw",
    "latin1",
]


def named(row):
    return f"{row['file'].removesuffix('.yaml')}-{row['code']}"


def validate(capsys, *arguments):
    code = run(["validate", *map(str, arguments)])
    return code, capsys.readouterr()


def test_every_file_has_its_expectation():
    assert {row["file"] for row in MISTAKES} == {path.name for path in (SPECS / "invalid").glob("*.yaml")}


@pytest.mark.parametrize("row", [row for row in MISTAKES if row["text"]], ids=named)
def test_the_expected_place_is_where_the_text_stands(row):
    line = (SPECS / "invalid" / row["file"]).read_text(encoding="utf-8-sig").split("\n")[int(row["line"]) - 1]
    assert line[int(row["column"]) - 1 :].startswith(row["text"])


def test_most_places_have_a_text():
    assert sum(1 for row in MISTAKES if row["text"]) > 0.9 * len(MISTAKES)


@pytest.mark.parametrize("row", MISTAKES, ids=named)
def test_each_mistake_is_named_at_its_place(row, capsys):
    code, said = validate(capsys, "--format", "json", SPECS / "invalid" / row["file"])
    found = json.loads(said.out)["diagnostics"]
    meant = [one for one in found if one["code"] == row["code"] and row["hint"] in one["hint"]]
    assert code == 2
    assert (int(row["line"]), int(row["column"])) in [(one["line"], one["column"]) for one in meant]
    assert all(one["severity"] == "error" for one in found)
    assert [(one["line"], one["column"]) for one in found] == sorted((one["line"], one["column"]) for one in found)
    assert "Traceback" not in said.out + said.err


@pytest.mark.parametrize("row", MISTAKES, ids=named)
def test_no_rendering_obeys_or_leaks(row, capsys):
    for style in ("human", "concise", "github"):
        _, said = validate(capsys, "--format", style, SPECS / "invalid" / row["file"])
        shown = said.out + said.err
        assert not [char for char in shown if ord(char) < 32 and char not in "\n\t"]
        assert "\u202e" not in shown
        assert "hunter2" not in shown
        assert "root:" not in shown
        assert not Path("PWNED").exists()


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_valid_files_are_accepted(path, capsys):
    code, _ = validate(capsys, path)
    assert code == 0
    assert load_file(path).variants


def test_copies_have_one_fingerprint():
    names = ("minimal", "crlf", "bom", "comments_reordered")
    assert len({load_file(SPECS / "valid" / f"{name}.yaml").fingerprint for name in names}) == 1


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_examples_earn_no_warning(path):
    experiment, found = check_file(path)
    assert experiment is not None
    assert found == ()
    assert experiment.key == path.stem


@pytest.mark.parametrize("name", PICTURED)
def test_human_rendering(name, capsys, monkeypatch, snapshot):
    monkeypatch.chdir(SPECS / "invalid")
    _, said = validate(capsys, f"{name}.yaml")
    assert said.out == snapshot


def test_a_secret_is_not_echoed_by_its_neighbours(tmp_path, capsys):
    path = tmp_path / "a.yaml"
    path.write_text("version: 1\nkey: a\nfactors: {x: [a, b]}\nanalysis: {tokn: hunter2, alpha: 5}\nmetrics: nope\n")
    for style in ("human", "concise", "github", "json"):
        code, said = validate(capsys, "--format", style, path)
        assert code == 2
        assert "hunter2" not in said.out + said.err
        assert "E206" in said.out


def test_a_secret_is_not_echoed_by_broken_yaml(tmp_path, capsys):
    path = tmp_path / "a.yaml"
    for text in ("password: 'hunter2\n", "password: hunter2: x\n", "password: 0777\n", "password: &hunter2 x\n"):
        path.write_text(text)
        _, said = validate(capsys, path)
        assert "hunter2" not in said.out + said.err
        assert "0777" not in said.out + said.err
