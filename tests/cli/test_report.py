"""`abstory report`, end to end: files and CSV in, a page, a document or a clear error out."""

import csv
import io
import json
import os
import subprocess
import sys

import pytest

from abstory.errors import ExitCode

COMMAND = [sys.executable, "-m", "abstory"]


def test_a_page(loaded, call):
    code, page, errors = call("-C", loaded, "report", "cta")
    assert (code, errors) == (ExitCode.DONE, "")
    assert page.startswith("cta · 6,000 viewers · 3 variants · day ")
    assert 'Does "Shop now" keep them?' in page
    assert "\nSHIP shop_now   watched_12s +30.0% (" in page  # 52 against 40 of 100 viewers
    assert "control is none" in page
    assert "next: abstory gate cta" in page
    assert all(len(line) <= 80 for line in page.splitlines())


def test_the_flags_of_the_terminal(loaded, call):
    _, ascii_page, _ = call("-C", loaded, "--ascii", "--width", "60", "report", "cta")
    assert ascii_page.isascii()
    assert all(len(line) <= 60 for line in ascii_page.splitlines())
    _, coloured, _ = call("-C", loaded, "--color", "always", "report", "cta")
    assert "\x1b[" in coloured
    _, plain, _ = call("-C", loaded, "--color", "never", "report", "cta")
    assert "\x1b" not in plain


def test_the_document(loaded, call):
    code, text, _ = call("-C", loaded, "report", "cta", "--json")
    told = json.loads(text)
    assert (code, told["abstory"], told["verdict"]["ruling"]) == (0, "report/1", "SHIP")
    assert [arm["viewers"] for arm in told["variants"]] == [2000, 2000, 2000]
    watched = told["metrics"][0]
    assert watched["control"] == pytest.approx(0.40, abs=1e-12)
    assert watched["comparisons"][0]["lift"]["estimate"] == pytest.approx(0.30, abs=1e-9)


def test_some_metrics(loaded, call):
    _, page, _ = call("-C", loaded, "report", "cta", "--metric", "hide_rate")
    assert "GUARDRAIL  hide_rate" in page
    assert "PRIMARY" not in page


def test_a_metric_that_is_not_declared(loaded, call):
    code, out, errors = call("-C", loaded, "report", "cta", "--metric", "hiderate")
    assert (code, out) == (ExitCode.REFUSED, "")
    assert "did you mean hide_rate?" in errors


def test_an_unknown_experiment(loaded, call):
    code, out, errors = call("-C", loaded, "report", "ctaa")
    assert (code, out) == (ExitCode.REFUSED, "")
    assert "did you mean cta?" in errors


def test_as_it_stood_then(loaded, call):
    _, then, _ = call("-C", loaded, "report", "cta", "--json", "--as-of", "2025-11-04")
    told = json.loads(then)
    # Midnight in Berlin is 23:00 UTC; windows of 24 h are closed of viewers seen until 2025-11-02T23:00Z,
    # the first in minute 0 and then every six minutes for 47 hours: 471 a variant.
    assert told["as_of"] == "2025-11-03T23:00:00Z"
    assert [arm["viewers"] for arm in told["variants"]] == [471] * 3
    _, with_offset, _ = call("-C", loaded, "report", "cta", "--json", "--as-of", "2025-11-04T00:00:00+01:00")
    assert json.loads(with_offset)["data_hash"] == told["data_hash"]


@pytest.mark.parametrize("text", ["2025-11-04T00:00", "soon", "2999-01-01", "2025-13-01", "0001-01-01T00:00"])
def test_an_instant_that_is_none(loaded, call, text):
    code, out, errors = call("-C", loaded, "report", "cta", "--as-of", text)
    assert (code, out) == (ExitCode.REFUSED, "")
    assert "--as-of" in errors


@pytest.mark.parametrize("name", ["cta.json", "cta.csv", "cta.md", "cta.txt", "cta"])
def test_into_a_file(loaded, call, tmp_path, name):
    code, out, errors = call("-C", loaded, "report", "cta", "-o", tmp_path / name)
    assert (code, out, errors) == (0, "", f"wrote {tmp_path / name}\n")
    text = (tmp_path / name).read_text(encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir()] == [name]
    if name.endswith("json"):
        assert json.loads(text)["abstory"] == "report/1"
    if name.endswith("csv"):
        assert len(list(csv.DictReader(io.StringIO(text)))) == 4 * 3
    assert "\x1b" not in text


def test_a_dash_is_stdout(loaded, call):
    assert call("-C", loaded, "report", "cta", "-o", "-") == call("-C", loaded, "report", "cta")


def test_formats_that_disagree(loaded, call):
    code, out, errors = call("-C", loaded, "report", "cta", "--json", "--format", "csv")
    assert (code, out) == (ExitCode.REFUSED, "")
    assert "disagree" in errors


def test_a_file_that_cannot_be_written(loaded, call, tmp_path):
    for path in (tmp_path / "no" / "such.json", tmp_path):
        code, out, errors = call("-C", loaded, "report", "cta", "-o", path)
        assert (code, out) == (ExitCode.ENVIRONMENT, "")
        assert errors.startswith("abstory: ")


def test_no_database(project, call):
    (project / "abstory.duckdb").unlink()
    code, out, errors = call("-C", project, "report", "cta")
    assert (code, out) == (ExitCode.ENVIRONMENT, "")
    assert "abstory.duckdb" in errors


def test_no_viewers(project, call):
    text = (project / "experiments" / "cta.yaml").read_text(encoding="utf-8")
    later = (
        text.replace("key: cta", "key: later").replace("2025-11-01", "2025-12-01").replace("2025-11-15", "2025-12-15")
    )
    (project / "experiments" / "later.yaml").write_text(later, encoding="utf-8")
    code, page, _ = call("-C", project, "report", "later")
    assert code == 0
    assert "\nNO DATA   " in page
    assert "abstory ingest FILE" in page


def test_exposures_outside_the_schedule(project, call):
    file = project / "experiments" / "cta.yaml"
    moved = file.read_text(encoding="utf-8").replace("2025-11-01", "2025-12-01").replace("2025-11-15", "2025-12-15")
    file.write_text(moved, encoding="utf-8")
    code, page, _ = call("-C", project, "report", "cta")
    assert code == 0
    assert "NO DATA" in page
    assert "6,000 exposures outside the schedule" in page


def piped(loaded, *arguments, **how):
    return subprocess.run(
        [*COMMAND, "-C", str(loaded), *arguments], stderr=subprocess.PIPE, text=True, check=False, **how
    )


def test_a_stream_that_knows_no_unicode(loaded):
    for arguments in (["report", "cta"], ["report", "cta", "--json"]):
        done = piped(loaded, *arguments, stdout=subprocess.PIPE, env=os.environ | {"PYTHONIOENCODING": "ascii"})
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.isascii()


def test_heavy_packages_stay_outside(loaded):
    heavy = ("scipy.stats", "polars", "statsmodels", "jinja2", "pandas")
    code = f"import sys; from abstory.cli.main import run; run(['-C', {str(loaded)!r}, 'report', 'cta']); "
    code += f"print([name for name in {heavy!r} if name in sys.modules], file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == "[]\n"


def test_a_suffix_that_no_format_has_is_refused_and_nothing_written(loaded, call, tmp_path):
    """As `.save` in Python does; with --format the name is the caller's own."""
    code, _, told = call("-C", loaded, "report", "cta", "-o", tmp_path / "report.docx")
    assert code == ExitCode.REFUSED
    assert "no format is written as .docx" in told
    assert not (tmp_path / "report.docx").exists()
    assert call("-C", loaded, "report", "cta", "--format", "md", "-o", tmp_path / "report.docx")[0] == ExitCode.DONE
