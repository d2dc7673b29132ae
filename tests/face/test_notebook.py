"""A script says what the commands say: the same numbers, the same answers, the same ledger."""

import json

import pytest

import abstory


@pytest.fixture
def cta(project):
    return abstory.load(project / "experiments" / "cta.yaml", store=project / "abstory.duckdb")


def timeless(document):
    """Without the age of the data, which goes on while a test runs."""
    document["data"]["checks"] = [check for check in document["data"]["checks"] if check["id"] != "age"]
    return document


def test_a_report_is_the_command_s(cta, project, call):
    code, out, _ = call("-C", project, "report", "cta")
    report = cta.report()
    assert (code, repr(report)) == (0, out)
    assert report.verdict.ruling == "SHIP"
    assert report.result.viewers == 6000


def test_a_report_is_kept_in_the_format_its_name_asks_for(cta, project, call, tmp_path):
    call("-C", project, "report", "cta", "-o", tmp_path / "theirs.json")
    ours = cta.report().save(tmp_path / "ours.json")
    kept = timeless(json.loads(ours.read_text(encoding="utf-8")))
    assert kept == timeless(json.loads((tmp_path / "theirs.json").read_text(encoding="utf-8")))
    assert kept == timeless(cta.report().to_dict())
    with pytest.raises(abstory.UsageError, match=r"no format is written as \.docx"):
        cta.report().save(tmp_path / "ours.docx")


def test_as_of_is_read_as_the_command_reads_it(cta, project, call):
    _, out, _ = call("-C", project, "report", "cta", "--as-of", "2025-11-05", "--json")
    assert cta.report(as_of="2025-11-05").to_dict() == json.loads(out)
    with pytest.raises(abstory.UsageError, match="not an instant"):
        cta.report(as_of="yesterday")


def test_a_gate_is_the_command_s_and_kept_in_the_same_ledger(cta, project, call):
    code, out, _ = call("-C", project, "gate", "cta", "--variant", "swipe_up")
    gate = cta.gate(variant="swipe_up")
    assert (gate.exit_code, repr(gate), bool(gate)) == (code, out, False)
    assert cta.gate().to_dict()["outcome"] == "open"
    assert bool(cta.gate())
    _, told, _ = call("-C", project, "ledger", "--json")
    assert [one["outcome"] for one in json.loads(told)["calls"]] == ["closed", "closed", "open", "open"]


@pytest.mark.parametrize("wrong", [{"require": "win"}, {"max_age": "a day"}, {"variant": "nope"}, {"as_of": "soon"}])
def test_a_wrong_question_is_refused(cta, wrong):
    with pytest.raises(abstory.UsageError):
        cta.gate(**wrong)


def test_old_data_leave_a_gate_untrusted(cta):
    assert cta.gate(max_age="24h").exit_code == 5


def test_what_was_assigned_is_written_before_it_is_read(cta):
    cta.assign("somebody-new").variant  # noqa: B018 reading it is using it
    before = cta.report().result
    assert sum(before.exposures_by_day.values()) == 6000
    assert cta.report().to_dict()["data_hash"] == before.data_hash


def test_without_a_store_there_is_nothing_to_report(project):
    alone = abstory.load(project / "experiments" / "cta.yaml")
    with pytest.raises(abstory.UsageError, match="without a store"):
        alone.report()
    with pytest.raises(abstory.UsageError, match="without a store"):
        alone.gate()


def test_a_simulation_is_the_command_s(cta, project, call):
    arguments = ("--runs", "3", "--seed", "7", "--json")
    _, out, _ = call("-C", project, "simulate", "cta", *arguments)
    found = cta.simulate(3, seed=7)
    assert found.to_dict() == json.loads(out)
    assert repr(found).startswith("SIMULATED cta")


@pytest.mark.parametrize("wrong", [{"runs": 0}, {"truth": "mice"}])
def test_a_simulation_that_cannot_be(cta, wrong):
    with pytest.raises(abstory.UsageError):
        cta.simulate(**wrong)


def test_a_report_is_frames_too(cta):
    report = cta.report()
    frame = report.to_polars()
    assert frame.height == 4 * 3
    assert frame.filter(metric="watched_12s", variant="shop_now")["lift"].item() == pytest.approx(0.3)
    frames = report.frames()
    assert list(frames) == ["comparisons", "moments", "exposures", "checks"]
    assert frames["comparisons"].equals(frame)
    assert frames["exposures"]["viewers"].sum() == 6000


def test_a_notebook_shows_the_page_without_what_a_page_has_around_it(cta):
    shown = cta.report()._repr_html_()
    assert 'id="abstory-cta"' in shown
    assert not {"<html", "<script", "<body"} & set(shown.split())


def test_binary_formats_are_kept_whole(cta, tmp_path):
    import polars as pl

    assert pl.read_parquet(cta.report().save(tmp_path / "ours.parquet")).equals(cta.report().to_polars())
