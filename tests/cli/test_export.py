"""`abstory export`: every table of the data behind a report, in an empty folder, without a single viewer."""

import json

import polars as pl
import pytest

TABLES = ["checks", "comparisons", "exposures", "moments"]


@pytest.mark.parametrize("style", ["csv", "parquet", "json"])
def test_every_format_holds_the_same(project, call, tmp_path, style):
    folder = tmp_path / "out"
    code, out, err = call("-C", project, "export", "cta", "-o", folder, "--format", style)
    assert (code, out, err) == (0, "", f"wrote {folder}\n")
    assert sorted(path.name for path in folder.iterdir()) == sorted([*(f"{t}.{style}" for t in TABLES), "report.json"])
    read = {"csv": pl.read_csv, "parquet": pl.read_parquet, "json": pl.read_json}[style]
    moments, days = (read(folder / f"{table}.{style}") for table in ("moments", "exposures"))
    assert days["viewers"].sum() == 6000
    watched = moments.filter(pl.col("metric") == "watched_12s")
    assert watched["variant"].to_list() == ["none", "shop_now", "swipe_up"]
    assert watched["successes"].to_list() == [800, 1040, 820]  # 40, 52 and 41 of a hundred, of 2,000
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert report["abstory"] == "report/1"


@pytest.mark.parametrize("style", ["csv", "json"])
def test_no_viewer_is_in_it(project, call, tmp_path, style):
    """Ids are `none-17` and the like; a variant's name alone is none."""
    call("-C", project, "export", "cta", "-o", tmp_path / "out", "--format", style)
    for path in (tmp_path / "out").iterdir():
        text = path.read_text(encoding="utf-8")
        assert not [viewer for n in range(2000) if (viewer := f"shop_now-{n}") in text]


def test_nothing_is_overwritten(project, call, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "kept").write_text("mine", encoding="utf-8")
    code, _, err = call("-C", project, "export", "cta", "-o", tmp_path / "out")
    assert code == 6
    assert "is not an empty folder" in err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["kept"]


def test_an_empty_folder_is_filled(project, call, tmp_path):
    (tmp_path / "out").mkdir()
    assert call("-C", project, "export", "cta", "-o", tmp_path / "out")[0] == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "project"]


def test_as_of_goes_back(project, call, tmp_path):
    call("-C", project, "export", "cta", "-o", tmp_path / "out", "--as-of", "2025-11-03")
    assert pl.read_csv(tmp_path / "out" / "exposures.csv")["viewers"].sum() < 6000
