"""Frames on the page and in the document: told by hand."""

import dataclasses
import json

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from rich.cells import cell_len

from abstory.report import terminal
from abstory.report.json import render as as_json
from abstory.report.look import Look
from abstory.report.schema import SCHEMAS
from abstory.results import FrameContrast, FrameFunnel, FrameResult, Reads
from abstory.stats.estimate import Effect, Estimate, Interval, Reason, Undetermined
from abstory.stats.incidence import Funnel
from abstory.stats.moments import Tally


def funnel(variant, third):
    ended = {(1, "exit"): 900, (1, ""): 300, (2, "swipe"): 500, (3, "swipe"): third, (4, "complete"): 8300 - third}
    told = Funnel(10_000, 4, ended, frozenset({"complete"}))
    taps = tuple(Tally(10_000, count) for count in (1500, 1200, 900, 0))
    return FrameFunnel(variant, told, taps, taps[::-1], ((1600, 0), (1250, 900), (900, 1200), (0, 1500)))


def contrast(variant, frame, change, reads):
    wide = Estimate(change, Interval(change - 0.01, change + 0.01))
    effect = Effect(0.06 + change, 0.06, wide, wide, 3.0, 0.2, 2.5, 0.004, "score")
    return FrameContrast(variant, frame, "left", effect, reads)


@pytest.fixture
def framed(pages):
    page = pages["ship"]
    control, pick = page.result.control, page.pick
    changes = ((1, 0.0, Reads.UNCLEAR), (2, 0.004, Reads.UNCLEAR), (3, 0.035, Reads.WORSE))
    last = FrameContrast(pick, 4, "left", Undetermined(Reason.TOO_EARLY, "0 of 20 successes"), Reads.UNKNOWN)
    told = FrameResult(
        control,
        ("intro", "product", "price", "cta"),
        {control: funnel(control, 600), pick: funnel(pick, 950)},
        (*(contrast(pick, *one) for one in changes), last),
        {"left": 28},
    )
    return dataclasses.replace(page, result=dataclasses.replace(page.result, frames=told))


def test_the_document_keeps_to_its_schema(framed):
    told = json.loads(as_json(framed, Look(80)))
    Draft202012Validator(SCHEMAS["report"]()).validate(told)
    del told["frames"]["variants"][0]["frames"][0]["reached"]
    with pytest.raises(ValidationError):
        Draft202012Validator(SCHEMAS["report"]()).validate(told)


def section(text):
    return text[text.index("FRAMES") :].split("\n\n[")[0]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_section(framed, width, snapshot):
    text = terminal.render(framed, Look(width))
    assert all(cell_len(line) <= width for line in text.splitlines())
    assert section(text) == snapshot


def test_section_in_ascii(framed, snapshot):
    text = terminal.render(framed, Look(80, ascii_only=True))
    assert text.isascii()
    assert section(text) == snapshot


def test_document(framed):
    told = json.loads(as_json(framed, Look(80)))["frames"]
    control = told["variants"][0]["frames"]
    assert [one["reached"] for one in control] == [1.0, 0.88, 0.83, 0.77]
    assert control[0]["left_by"] == {"exit": 0.09, "swipe": 0.0, "no_event": 0.03}
    assert control[2]["incidence"]["swipe"] == pytest.approx(0.11)
    assert control[1]["hazard"] == pytest.approx(500 / 8800)
    assert (control[1]["taps_forward"], control[1]["taps_back"]) == (1250, 900)
    assert told["contrasts"][2]["difference"]["estimate"] == 0.035
    assert told["contrasts"][3]["effect_unknown"]["reason"] == "too early to read"
    assert "frames" not in json.loads(
        as_json(dataclasses.replace(framed, result=dataclasses.replace(framed.result, frames=None)), Look(80))
    )
