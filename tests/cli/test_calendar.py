"""`abstory calendar`: one calendar in every format, the same for ever, and never a viewer's."""

import json
import shutil

import pytest

from abstory.errors import ExitCode

KEY = "reels-slots-w48"


@pytest.fixture
def posting(root, tmp_path):
    (tmp_path / "experiments").mkdir()
    for name in (KEY, "cta-button"):
        shutil.copy(root / "experiments" / f"{name}.yaml", tmp_path / "experiments")
    return tmp_path


def test_it_needs_no_database_and_writes_nothing(posting, call):
    code, out, err = call("-C", posting, "calendar", KEY)
    assert (code, err) == (ExitCode.DONE, "")
    assert out.startswith(f"{KEY} · 96 posts · 4 variants · 2 accounts\n")
    assert [path.name for path in posting.iterdir()] == ["experiments"]


def test_the_sheet_is_the_one_frozen(posting, call, root):
    _, out, _ = call("-C", posting, "calendar", KEY, "--format", "csv")
    assert out == (root / "tests/cases/posts.csv").read_text(encoding="ascii")


@pytest.mark.parametrize(("suffix", "style"), [("txt", "table"), ("csv", "csv"), ("ics", "ics"), ("json", "json")])
def test_the_suffix_of_a_file_asks_for_its_format(posting, call, tmp_path, suffix, style):
    file = tmp_path / f"posts.{suffix}"
    code, out, err = call("-C", posting, "calendar", KEY, "-o", file)
    assert (code, out, err) == (ExitCode.DONE, "", f"wrote {file}\n")
    _, told, _ = call("-C", posting, "calendar", KEY, "--format", style, "-o", "-")
    assert file.read_bytes().decode() == told


def test_json_is_short_for_its_format(posting, call):
    _, out, _ = call("-C", posting, "calendar", KEY, "--json")
    assert json.loads(out)["abstory"] == "calendar/1"
    assert call("-C", posting, "calendar", KEY, "--format", "json")[1] == out
    code, _, err = call("-C", posting, "calendar", KEY, "--json", "--format", "ics")
    assert (code, "disagree" in err) == (ExitCode.REFUSED, True)


@pytest.mark.parametrize("style", ["table", "csv", "ics", "json"])
def test_another_seed_is_another_calendar_and_nothing_else_is(posting, call, style):
    file = posting / "experiments" / f"{KEY}.yaml"
    before, declared = call("-C", posting, "calendar", KEY, "--format", style)[1], file.read_text(encoding="utf-8")
    reworded = declared.replace("accounts: [brand_de", "accounts:   [brand_de").replace("growth-video@", "video@")
    file.write_text(reworded, encoding="utf-8")
    assert call("-C", posting, "calendar", KEY, "--format", style)[1] == before
    file.write_text(declared.replace("seed: 20261123", "seed: 20261124"), encoding="utf-8")
    assert call("-C", posting, "calendar", KEY, "--format", style)[1] != before


def test_viewers_have_none_and_posts_no_viewer(posting, call):
    code, out, err = call("-C", posting, "calendar", "cta-button")
    assert (code, out) == (ExitCode.REFUSED, "")
    assert "cta-button randomises viewers: it has no calendar" in err
    assert "abstory assign cta-button VIEWER" in err
    code, out, err = call("-C", posting, "assign", KEY, "viewer-1")
    assert (code, out) == (ExitCode.REFUSED, "")
    assert f"abstory calendar {KEY} says which post is which variant" in err


def test_an_unknown_key(posting, call):
    code, out, err = call("-C", posting, "calendar", f"{KEY}x")
    assert (code, out) == (ExitCode.REFUSED, "")
    assert f"did you mean {KEY}?" in err


def test_status_shows_it_beside_the_others(posting, call):
    code, out, _ = call("-C", posting, "status")
    assert code == ExitCode.DONE
    assert KEY in out
