"""A simulation as a page that fits its width, and as a document that a program can read."""

import json

import pytest
from rich.cells import cell_len

from abstory.experiment import Experiment
from abstory.report.json import written
from abstory.report.look import Look
from abstory.report.simulation import document, lines
from abstory.results import Reads, Ruling
from abstory.simulate.design import Wish, design
from abstory.simulate.rates import summed
from abstory.simulate.runs import Fared, Road, Run, comparisons


def found(*, wish=None, filters=("none", "warm"), wrong=0):
    """Forty runs made by hand, `wrong` of them shipping something that every interval is wrong about."""
    experiment = Experiment.model_validate(
        {
            "version": 1,
            "key": "warm-grade",
            "factors": {"filter": list(filters)},
            "metrics": {
                "primary": "watched_12s",
                "secondary": ["engagement_rate", "watch_seconds_to_12s"],
                "guardrails": [{"name": "hide_rate", "margin": "1pp"}],
            },
        }
    )
    made = design(experiment, wish=wish)
    each = len(list(comparisons(experiment)))
    right = Fared(Reads.UNCLEAR, True, False, True, None, False, False)
    false = Fared(Reads.BETTER, True, True, False, False, True, True)
    runs = [Run(Ruling.SHIP, filters[1], 8, False, (false,) * each)] * wrong
    runs += [Run(Ruling.KEEP, None, 15, False, (right,) * each)] * (40 - wrong)
    return summed(made, Road.FAST, runs)


def text(what, look):
    return [line.plain for line in lines(what, look)]


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_every_line_fits(width, ascii_only):
    many = [f"grade-{n}" for n in range(8)]
    for what in (found(), found(wrong=20), found(filters=many), found(wish=Wish("watched_12s", -0.05, relative=True))):
        shown = text(what, Look(width, ascii_only))
        assert max(map(cell_len, shown)) <= width
        assert not ascii_only or all(line.isascii() for line in shown)


def test_a_kept_promise_and_a_broken_one_are_told_apart():
    assert "kept" in "\n".join(text(found(), Look()))
    assert "BROKEN" not in "\n".join(text(found(wrong=2), Look()))
    broken = "\n".join(text(found(wrong=20), Look()))
    assert "BROKEN" in broken
    assert "50.0% ±7.9" in broken  # √(0.5 × 0.5 / 40) = 0.0791


def test_many_treatments_are_left_to_the_document():
    what = found(filters=[f"grade-{n}" for n in range(8)])
    shown = "\n".join(text(what, Look()))
    assert "24 more comparisons" in shown  # 4 metrics x 7 treatments, 4 of them shown
    assert len(document(what)["comparisons"]) == 28


def test_the_document_is_plain_json():
    plain = json.loads(written(document(found(wrong=10)), Look(ascii_only=True)))
    assert plain["abstory"] == "simulation/1"
    wrong = plain["rates"]["wrong_at_last_look"]
    assert (wrong["rate"], wrong["hits"], wrong["of"], wrong["level"], wrong["holds"]) == (0.25, 10, 40, 0.05, False)
    first = plain["comparisons"][0]
    assert (first["metric"], first["variant"], first["role"]) == ("watched_12s", "warm", "primary")
    # Ten runs have a lift, all of them miss it; the others have none and say nothing.
    assert (first["covers_lift"]["hits"], first["covers_lift"]["of"]) == (0, 10)
    assert plain["days"] == {"p10": 8, "p50": 15, "p90": 15}
    assert plain["rulings"]["SHIP"]["rate"] == 0.25
