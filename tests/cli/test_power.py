"""`abstory power`, end to end: told and stored baselines, what if, refusals."""

import json

import pytest

from abstory.errors import ExitCode

TOLD = ("--baseline", "40%", "--baseline", "hide_rate=2.5%")


def refused(call, project, *options):
    code, out, errors = call("-C", project, "power", "cta", *options)
    assert (code, out) == (ExitCode.REFUSED, "")
    return errors


@pytest.fixture
def bare(project):
    """The project without its data."""
    (project / "abstory.duckdb").unlink()
    return project


def told(call, project, *options):
    code, out, errors = call("-C", project, "power", "cta", "--json", *options)
    assert (code, errors) == (ExitCode.DONE, "")
    return json.loads(out)


def test_a_plan(bare, call):
    code, out, errors = call("-C", bare, "power", "cta", *TOLD, "--daily", "600")
    assert (code, errors) == (ExitCode.DONE, "")
    lines = out.splitlines()
    assert lines[0].startswith("cta · ")
    assert any(line.startswith("NEED ") for line in lines)
    assert any(line.startswith("TIME ") and "600 new viewers a day" in line for line in lines)
    assert any(line.startswith("SHORT ") and "14 days bring 8,400 viewers" in line for line in lines)
    assert "always valid, Bonferroni over 2, alpha .05" in out


def test_the_document(bare, call):
    plan = told(call, bare, *TOLD, "--daily", "600")
    assert plan["abstory"] == "power/1"
    watched, hidden = plan["targets"]
    assert (watched["aim"], hidden["aim"]) == ("find", "hold")
    assert watched["baseline"] == {"mean": 0.4, "sd": pytest.approx(0.24**0.5), "viewers": None}
    assert plan["deciding"] == max(plan["targets"], key=lambda t: sum(t["viewers"].values()))["metric"]
    assert plan["viewers"] == sum(arm["viewers"] for arm in plan["variants"])
    assert plan["days"] == -(-plan["viewers"] // 600)
    assert plan["schedule"]["short"] is True


def test_control_is_taken_from_the_store_with_all_arms_pooled(project, call):
    plan = told(call, project)
    # 40, 52 and 41 of a hundred viewers stay, 2,000 viewers each; one in forty hides.
    watched, hidden = (target["baseline"] for target in plan["targets"])
    assert watched == {
        "mean": pytest.approx((0.40 + 0.52 + 0.41) / 3),
        "sd": pytest.approx(0.4968, abs=1e-4),
        "viewers": 6000,
    }
    assert hidden["mean"] == pytest.approx(1 / 40)
    # A viewer of each arm every six minutes: 3 · 240 a day.
    assert plan["entering"] == pytest.approx(720, abs=15)
    assert "all variants pooled" in call("-C", project, "power", "cta")[1].replace("\n     ", " ")


def test_what_is_told_goes_before_what_is_stored(project, call):
    plan = told(call, project, "--baseline", "30%", "--daily", "1000")
    assert [t["baseline"]["viewers"] for t in plan["targets"]] == [None, 6000]
    assert plan["entering"] == 1000


def test_the_store_is_left_alone_when_all_is_told(project, call):
    (project / "abstory.duckdb").write_bytes(b"not a database")
    assert told(call, project, *TOLD, "--daily", "600")["entering"] == 600
    assert call("-C", project, "power", "cta", *TOLD)[0] == ExitCode.ENVIRONMENT


def test_only_the_share_of_traffic_enters(bare, call):
    file = bare / "experiments" / "cta.yaml"
    file.write_text(file.read_text("utf-8") + "traffic: {share: 25%}\n", encoding="utf-8")
    assert told(call, bare, *TOLD, "--daily", "1000")["entering"] == 250


def test_what_if(bare, call):
    usual, other = told(call, bare, *TOLD), told(call, bare, *TOLD, "--mde", "10%", "--power", "90%", "--r2", "20%")
    assert other["what_if"] == {
        "mde": {"watched_12s": "10%"},
        "power": 0.9,
        "explained": {"watched_12s": 0.2},
        "only": [],
    }
    assert other["targets"][0]["viewers"]["none"] < usual["targets"][0]["viewers"]["none"]
    out = call("-C", bare, "power", "cta", *TOLD, "--mde", "watched_12s=2pp", "--metric", "watched_12s")[1]
    assert "WHAT IF mde of watched_12s 2pp, only watched_12s" in out


def test_a_mean_needs_its_deviation(bare, call):
    file = bare / "experiments" / "cta.yaml"
    text = file.read_text("utf-8").replace("{name: watched_12s, mde: 5%}", "{name: watch_seconds_to_12s, mde: 5%}")
    file.write_text(text, encoding="utf-8")
    hides = ("--baseline", "hide_rate=2.5%")
    assert "--sd watch_seconds_to_12s=5.1" in refused(call, bare, "--baseline", "6.2", *hides)
    plan = told(call, bare, "--baseline", "6.2", "--sd", "5.1", *hides)
    assert plan["targets"][0]["baseline"] == {"mean": 6.2, "sd": pytest.approx(5.1), "viewers": None}
    assert "not a rate" in refused(call, bare, "--baseline", "62%", "--sd", "5.1", *hides)
    assert "cannot be planned" in refused(call, bare, "--baseline", "6.2", "--sd", "0", *hides)


def test_all_that_is_missing_is_asked_for_at_once(bare, call):
    errors = refused(call, bare)
    assert "watched_12s, hide_rate" in errors
    assert "--baseline watched_12s=4.5% --baseline hide_rate=4.5%" in errors


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--baseline", "0.4"), "needs its per cent sign"),
        (("--baseline", "40 %"), "is not a number"),
        (("--baseline", "140%"), "between 0% and 100%"),
        (("--baseline", "0%"), "between 0% and 100%"),
        (("--baseline", "watched_12=40%"), "did you mean watched_12s?"),
        (("--baseline", "40%", "--baseline", "watched_12s=41%"), "twice"),
        (("--sd", "5%"), "no --baseline beside it"),
        (("--baseline", "40%", "--sd", "5%"), "drop --sd"),
        (("--mde", "0.02"), "% (relative) or pp"),
        (("--mde", "0%"), "above 0"),
        (("--power", "0.9"), "not a share"),
        (("--r2", "100%"), "not a share"),
        (("--metric", "engagement_rate"), "secondary metric"),
        (("--metric", "nothing"), "declares no metric"),
        (("--daily", "0.5"), "--daily"),
        ((*TOLD, "--mde", "200%"), "out of 0% to 100%"),
    ],
)
def test_refusals(bare, call, options, said):
    assert said in refused(call, bare, *options)


def test_an_empty_store_knows_nothing(project, call):
    text = (project / "experiments" / "cta.yaml").read_text("utf-8").replace("key: cta\n", "key: later\n")
    (project / "experiments" / "later.yaml").write_text(text, encoding="utf-8")
    code, _, errors = call("-C", project, "power", "later")
    assert code == ExitCode.REFUSED
    assert "no stored viewers show one" in errors
