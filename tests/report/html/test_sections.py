"""Sections of a real report, in reading order, each saying what the result says."""

import re

import pytest

import abstory
from abstory import digits
from abstory.cli.main import run
from abstory.report import renderer
from abstory.report.draft import Draft
from abstory.report.html.layout import ALWAYS, effects
from abstory.report.html.parts import Figure, Table
from abstory.report.html.sheet import Detail, Embedded, Sheet
from abstory.report.look import Look


@pytest.fixture(scope="module")
def sections(launched):
    sheet = Sheet(Draft(launched, Look()), Detail(None, Embedded.PLAIN))
    return {one.name: one for one in [*effects(sheet), *(one for make in ALWAYS for one in make(sheet))]}


def test_they_stand_in_reading_order(sections):
    names = ["metric-1", "secondary", "guardrail", "factors-1", "retention", "days", "exposures", "data", "method"]
    assert list(sections) == names


def column(table, head):
    return next(list(one.cells) for one in table.columns if one.head == head)


def test_factors_are_those_of_the_result(sections, launched):
    (told,) = [one for one in launched.result.factors if one.outcome.role.value == "primary"]
    table, *_ = sections["factors-1"].parts
    assert column(table, "lift") == [digits.lift(one.effect.lift.value) for one in told.effects]
    (grid,) = [part for part in sections["factors-1"].parts if isinstance(part, Figure)]
    values = {digits.rate(mean.value) for test in told.interactions for mean in test.means}
    assert {cell for one in grid.behind.columns[1:] for cell in one.cells} <= values


def test_curves_are_those_of_control_and_the_pick(sections, launched):
    figure, table = sections["retention"].parts
    found = {curve.variant: curve for curve in launched.result.retention.curves}
    control = found[launched.result.control]
    assert [name for _, name in figure.legend] == ["control", launched.pick]
    assert column(figure.behind, "control") == [digits.rate(second.watching) for second in control.seconds]
    assert isinstance(table, Table)
    assert column(table, "variant") == [launched.name(variant) for variant in found]


def test_the_last_day_is_the_report_itself(sections, launched):
    """Always valid and without covariates, the effect up to the last day is the effect."""
    (figure,) = sections["days"].parts
    primary = launched.result.metrics[0].against(launched.pick).effect
    assert column(figure.behind, "lift")[-1] == digits.lift(primary.lift.value)
    assert column(figure.behind, "95% CI")[-1] == digits.between(primary.lift.interval)


def test_every_viewer_is_in_a_column_of_a_day(sections, launched):
    (figure,) = sections["exposures"].parts
    assert figure.caption.startswith(digits.count(sum(launched.result.exposures_by_day.values())))
    days = {day for day, _ in launched.result.exposures_by_day}
    assert len(column(figure.behind, "day")) == max(days) - min(days) + 1


def test_segments_where_they_are_asked_for(demo, tmp_path):
    file = tmp_path / "by.html"
    assert run(["-C", str(demo), "-q", "report", "launch-cta", "--by", "country", "-o", str(file)]) == 0
    text = file.read_text(encoding="utf-8")
    (section,) = re.findall(r'<section id="abstory-launch-cta-segments-1">.*?</section>', text, re.DOTALL)
    assert "<h2>By country</h2>" in section
    assert "No verdict looks at them" in section
    assert len(re.findall(r'<th scope="row">', section)) == 2
    assert len(text.encode()) <= 100_000


def test_the_file_as_run_is_on_the_page(demo, launched):
    source = (demo / "experiments" / "launch-cta.yaml").read_text(encoding="utf-8")
    assert launched.source == source
    assert source.splitlines()[1] in renderer("html")(launched, Look())


def test_beliefs_stand_beside_where_they_are_asked_for(demo, launched):
    experiment = abstory.load(demo / "experiments" / "launch-cta.yaml", store=demo / "abstory.duckdb")
    page = experiment.report(beliefs=True).page
    sheet = Sheet(Draft(page, Look()), Detail(None, Embedded.ABSENT))
    (section,) = [one for one in effects(sheet) if one.name == "beliefs"]
    (table,) = section.parts
    found = {one.variant: one.posterior for one in page.beliefs if one.metric == "watched_12s"}
    assert column(table, "P(better)") == [digits.chance(found[variant].chance) for variant in column(table, "variant")]
    assert "not part of it" in section.lead
