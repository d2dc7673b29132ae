"""Where viewers leave, drawn: results made by hand at the widths people have, and the laws of the drawing."""

import dataclasses
import json

import pytest
from jsonschema import Draft202012Validator
from rich.cells import cell_len

from abstory.report import json as documents
from abstory.report.look import Look
from abstory.report.retained import sparkline
from abstory.report.schema import SCHEMAS
from abstory.report.terminal import render
from abstory.results import Curve, Lasting, Retention, Second
from abstory.stats.estimate import Effect, Estimate, Interval, Reason, Undetermined


def curve(variant, length=15.0, hazard=0.05, untimed=0):
    """A constant hazard of leaving, in closed form."""
    seconds = tuple(
        Second(
            float(at),
            (1 - hazard) ** at,
            Interval((1 - hazard) ** at - 0.01, (1 - hazard) ** at + 0.01),
            Undetermined(Reason.NO_VARIATION) if at == 1 else Interval(0.1, 0.9),
            hazard,
            1000,
        )
        for at in range(1, int(length or 20) + 1)
    )
    mean = Estimate(6.5 - 10 * hazard, Interval(6.0, 7.0))
    return Curve(variant, length, 900, 1000, untimed, seconds, mean, Estimate(0.5, Interval(0.4, 0.6)))


def lasting(variant, gap=0.21):
    difference = Estimate(gap, Interval(gap - 0.2, gap + 0.2))
    effect = Effect(6.2, 6.0, difference, Estimate(gap / 6, Interval(0.001, 0.07)), 3.3, 0.021, 3.03, 0.07, "rmst")
    return Lasting(variant, effect, -2.9, 0.034)


def with_retention(page, **changes):
    names = [arm.variant for arm in page.result.arms]
    curves = tuple(curve(name, 15.0 if at % 2 == 0 else 12.0, 0.04 + 0.002 * at) for at, name in enumerate(names))
    told = Retention(12, 3, curves, tuple(lasting(name) for name in names[1:]))
    told = dataclasses.replace(told, **changes)
    return dataclasses.replace(page, result=dataclasses.replace(page.result, retention=told))


def section(page, look):
    text = render(page, look)
    return text[text.index("RETENTION") : text.index("\n\n", text.index("by viewer:"))] + "\n"


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_the_section(pages, width, snapshot):
    assert section(with_retention(pages["ship"]), Look(width)) == snapshot


def test_the_section_in_ascii(pages, snapshot):
    text = section(with_retention(pages["ship"]), Look(80, ascii_only=True))
    assert text == snapshot
    assert text.isascii()


def test_forty_variants_are_cut_at_whole_rows_and_shown_when_asked(pages):
    page = with_retention(pages["many"])
    assert "37 more variants with --all" in section(page, Look(80)).replace("\n", " ")
    whole = section(dataclasses.replace(page, everything=True), Look(80))
    assert all(whole.count(f"{arm.variant} ") >= 2 for arm in page.result.arms[1:])


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_no_line_is_wider_than_asked(pages, width):
    for name in ("ship", "many"):
        assert all(cell_len(line) <= width for line in render(with_retention(pages[name]), Look(width)).splitlines())


def test_what_is_withheld_is_said_and_the_curves_stay(pages):
    page = pages["ship"]
    names = [arm.variant for arm in page.result.arms]
    why = Undetermined(Reason.BEFORE_END, "2026-12-08 00:00 UTC")
    found = with_retention(page, comparisons=tuple(Lasting(name, why, why, None) for name in names[1:]))
    text = render(found, Look(80))
    assert "not yet" in section(found, Look(80))
    assert "withheld until the declared end (2026-12-08 00:00 UTC)" in text
    assert "█" in section(found, Look(80))
    assert "log-rank" not in section(found, Look(80))


def test_views_that_say_no_time_and_lengths_that_nobody_declared_are_named(pages):
    page = pages["ship"]
    names = [arm.variant for arm in page.result.arms]
    curves = tuple(curve(name, None, 0.05, untimed=3) for name in names)
    text = section(with_retention(page, curves=curves), Look(80)).replace("\n", " ")
    assert "Left out for want of a watch time: 24 views." in text
    assert "Where no length is declared" in text


def test_a_drawing_has_one_mark_a_second_or_every_so_many():
    told = curve("a", 15.0, 0.1)
    assert len(sparkline(told, 1, ascii_only=False)) == 16
    assert len(sparkline(told, 5, ascii_only=False)) == 4
    assert sparkline(told, 5, ascii_only=True) == "9532"  # 1, .9^5 = .59, .9^10 = .35, .9^15 = .21
    assert sparkline(dataclasses.replace(told, seconds=()), 1, ascii_only=True) == ""


def test_higher_marks_are_larger_shares():
    told = sparkline(curve("a", 15.0, 0.1), 1, ascii_only=False)
    assert list(told) == sorted(told, reverse=True)
    assert (told[0], told[-1]) == ("█", "▂")


def test_nobody_watched_is_no_section(pages):
    empty = dataclasses.replace(curve("x"), seconds=(), views=0)
    page = with_retention(pages["ship"])
    names = [arm.variant for arm in page.result.arms]
    none = with_retention(page, curves=tuple(dataclasses.replace(empty, variant=name) for name in names))
    assert "RETENTION" not in render(none, Look(80))
    assert "RETENTION" not in render(pages["ship"], Look(80))


def test_one_variant_without_views_has_an_empty_row(pages):
    page = with_retention(pages["ship"])
    told = page.result.retention
    first, *rest = told.curves
    nobody = dataclasses.replace(
        first, seconds=(), views=0, mean=Undetermined(Reason.NO_VIEWERS), finishing=Undetermined(Reason.NO_VIEWERS)
    )
    text = section(with_retention(page, curves=(nobody, *rest)), Look(80))
    row = next(line for line in text.splitlines() if line.startswith("control"))
    assert row.split() == ["control", "–", "–", "–", "–"]


def test_the_document_has_every_second_with_its_bands(pages):
    page = with_retention(pages["ship"])
    told = json.loads(documents.render(page, Look()))["retention"]
    assert (told["unit"], told["horizon"], told["hook"]) == ("view", 12, 3)
    first = told["curves"][0]["seconds"][0]
    assert first["watching"] == 0.96
    assert first["band"] is None
    assert first["band_unknown"]["reason"] == "no variation"
    assert told["curves"][0]["seconds"][1]["band"] == [0.1, 0.9]
    assert told["curves"][0]["mean"]["estimate"] == pytest.approx(6.1)
    assert told["comparisons"][0]["difference"]["estimate"] == 0.21
    assert told["comparisons"][0]["log_rank_p"] == 0.034
    assert "retention" not in json.loads(documents.render(pages["ship"], Look()))


def test_the_document_says_why_there_is_no_effect(pages):
    names = [arm.variant for arm in pages["ship"].result.arms]
    why = Undetermined(Reason.UNTRUSTED)
    page = with_retention(pages["ship"], comparisons=tuple(Lasting(name, why, why, None) for name in names[1:]))
    told = json.loads(documents.render(page, Look()))["retention"]["comparisons"][0]
    assert told["effect_unknown"]["reason"] == "data not to be trusted"
    assert (told["difference"], told["log_rank"], told["log_rank_p"]) == (None, None, None)


def test_the_document_is_as_its_schema_says(pages):
    why = Undetermined(Reason.UNTRUSTED)
    names = [arm.variant for arm in pages["ship"].result.arms]
    withheld = tuple(Lasting(name, why, why, None) for name in names[1:])
    for page in (with_retention(pages["ship"]), with_retention(pages["ship"], comparisons=withheld)):
        told = documents.document(page)
        Draft202012Validator(SCHEMAS["report"]()).validate(json.loads(json.dumps(told)))
        assert set(told["retention"]) == set(SCHEMAS["report"]()["properties"]["retention"]["properties"])
