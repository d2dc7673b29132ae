"""`abstory gate`, end to end: every exit code a pipeline may meet, and the ledger of looks."""

import json
import subprocess
import sys

import pytest

from abstory import ledger
from abstory.errors import ExitCode, NotWritable
from abstory.warehouse import open_store


def history(project):
    with open_store(project / "abstory.duckdb", read_only=True) as store:
        return ledger.history(store, "cta")


def test_open(project, call):
    code, out, errors = call("-C", project, "gate", "cta")
    assert (code, errors) == (ExitCode.DONE, "")
    assert out.startswith("OPEN  cta -> shop_now\n")
    assert "exit 0: ship it" in out


def test_closed(project, call):
    """The schedule is over and swipe_up is not shown better: the file's `otherwise` keeps the control."""
    code, out, _ = call("-C", project, "gate", "cta", "--variant", "swipe_up")
    assert code == ExitCode.CLOSED
    assert "exit 3: keep control" in out


def test_undecided(project, call):
    file = project / "experiments" / "cta.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("2025-11-15", "2026-03-15"), encoding="utf-8")
    code, out, _ = call("-C", project, "gate", "cta", "--variant", "swipe_up", "--json")
    told = json.loads(out)
    assert (code, told["exit_code"]) == (ExitCode.UNDECIDED, ExitCode.UNDECIDED)
    assert (told["abstory"], told["outcome"], told["recommended"]) == ("gate/1", "undecided", None)
    assert [check["id"] for check in told["checks"]] == ["data", "runtime", "primary", "guardrail"]


def test_reads_as_of_an_instant(project, call):
    """Before the first window closes there is no viewer to judge, whatever came later; a date is midnight in Berlin."""
    code, out, _ = call("-C", project, "gate", "cta", "--as-of", "2025-11-02", "--json")
    assert (code, json.loads(out)["as_of"]) == (ExitCode.UNDECIDED, "2025-11-01T23:00:00Z")
    code, _, errors = call("-C", project, "gate", "cta", "--as-of", "yesterday")
    assert code == ExitCode.REFUSED
    assert "--as-of yesterday is not an instant" in errors


def test_untrusted_when_one_variant_lost_viewers(project, call):
    with open_store(project / "abstory.duckdb") as store:
        store.connection.execute("DELETE FROM exposures WHERE variant = 'none' AND viewer_id SIMILAR TO '.*[137]'")
    code, out, _ = call("-C", project, "gate", "cta")
    assert code == ExitCode.UNTRUSTED
    assert out.startswith("UNTRUSTED")
    assert "SRM p<.001" in out
    _, page, _ = call("-C", project, "report", "cta")
    assert "lifts, p values and intervals are withheld" in page
    assert "+30" not in page


def test_untrusted_when_too_old(project, call):
    code, out, _ = call("-C", project, "gate", "cta", "--max-age", "24h")
    assert code == ExitCode.UNTRUSTED
    assert "the data are too old" in out


def test_not_worse(project, call):
    code, _, _ = call("-C", project, "gate", "cta", "--variant", "shop_now", "--require", "not-worse")
    assert code == ExitCode.DONE


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nope"], "no experiment is called nope"),
        (["cta", "--variant", "none"], "is the control"),
        (["cta", "--variant", "nope"], "has no variant nope"),
        (["cta", "--max-age", "24"], "--max-age"),
        (["cta", "--require", "luck"], "--require"),
    ],
)
def test_a_wrong_call(project, call, arguments, said):
    code, out, errors = call("-C", project, "gate", *arguments)
    assert (code, out) == (ExitCode.REFUSED, "")
    assert said in errors
    assert history(project) == ()


def test_no_database_is_no_verdict(project, call):
    (project / "abstory.duckdb").unlink()
    code, out, errors = call("-C", project, "gate", "cta")
    assert (code, out) == (ExitCode.ENVIRONMENT, "")
    assert errors.startswith("abstory: ")


def test_a_damaged_database_is_no_verdict(project, call):
    (project / "abstory.duckdb").write_bytes(b"not a database")
    code, out, _ = call("-C", project, "gate", "cta")
    assert (code, out) == (ExitCode.ENVIRONMENT, "")


def test_a_locked_database_is_no_verdict(project, call):
    hold = f"import duckdb,sys; c = duckdb.connect({str(project / 'abstory.duckdb')!r}); print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        holder.stdout.readline()
        for command in ("gate", "report"):
            code, out, errors = call("-C", project, command, "cta")
            assert (code, out) == (ExitCode.ENVIRONMENT, "")
            assert "--wait" in errors
        holder.stdin.close()


def test_every_look_is_in_the_ledger_and_the_same_data_give_the_same_answer(project, call):
    first = json.loads(call("-C", project, "gate", "cta", "--json")[1])
    again = json.loads(call("-C", project, "gate", "cta", "--json")[1])
    assert first == again
    assert first["recorded"] is True
    told = history(project)
    assert [row.outcome for row in told] == ["open", "open"]
    assert told[0].asked_by
    assert ledger.looks(told) == 1


def test_a_database_that_cannot_be_written_still_answers(project, call, monkeypatch):
    from abstory.cli import gate
    from abstory.cli.reading import store
    from abstory.errors import NotWritable

    # Tests may run as root, whom no file mode stops: the door that refuses to write stands in for a read-only disk.
    def read_only(settings, *, writable=False):
        if writable:
            raise NotWritable("read-only")
        return store(settings)

    monkeypatch.setattr(gate.reading, "store", read_only)
    code, out, errors = call("-C", project, "gate", "cta", "--json")
    assert (code, json.loads(out)["recorded"]) == (ExitCode.DONE, False)
    assert "not in the decision ledger" in errors


PLANNED = """\
analysis: {looks: {group_sequential: {looks: 4, spending: pocock}}}
decision: {min_runtime: 2d, min_per_variant: 2000}
"""


@pytest.fixture
def planned(project):
    """The project with four planned looks: one each 500 viewers a variant, which is about each second day."""
    file = project / "experiments" / "cta.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("decision: {min_runtime: 2d, min_per_variant: 500}\n", PLANNED), encoding="utf-8")
    return project


def taken(project):
    return [look.share for look in ledger.taken(history(project))]


def test_a_planned_look_is_taken_once_and_kept(planned, call):
    told = [
        json.loads(call("-C", planned, "gate", "cta", "--as-of", day, "--json")[1])
        for day in ("2025-11-02", "2025-11-05", "2025-11-05", "2025-11-06")
    ]
    assert [one["look"] and one["look"]["number"] for one in told] == [None, 1, None, None]
    assert told[0]["outcome"] == "undecided"
    assert [(one["outcome"], one["checks"][2]) for one in told[2:]] == [(told[1]["outcome"], told[1]["checks"][2])] * 2
    assert len(taken(planned)) == 1
    assert 0.25 <= taken(planned)[0] < 0.5


def test_a_report_looks_for_nothing_and_shows_the_last_look(planned, call):
    _, before, _ = call("-C", planned, "report", "cta", "--as-of", "2025-11-05")
    assert "withheld until a planned look" in before
    assert "one is due: abstory gate takes it" in " ".join(before.split())
    assert taken(planned) == []
    call("-C", planned, "gate", "cta", "--as-of", "2025-11-05")
    told = json.loads(call("-C", planned, "report", "cta", "--json")[1])
    assert (told["as_of"], told["as_of_from"]) == ("2025-11-04T23:00:00Z", "the last planned look")
    assert told["method"]["looking"]["look"]["number"] == 1
    assert told["metrics"][0]["comparisons"][0]["p"] is not None
    assert len(taken(planned)) == 1


def test_a_look_that_cannot_be_kept_is_not_taken(planned, call, monkeypatch):
    def refuse(*_, **__):
        raise NotWritable("read-only", hint="")

    monkeypatch.setattr(ledger, "keep", refuse)
    _, out, errors = call("-C", planned, "gate", "cta", "--as-of", "2025-11-05", "--json")
    told = json.loads(out)
    assert (told["look"], told["recorded"], told["outcome"]) == (None, False, "undecided")
    assert "not in the decision ledger" in errors


def test_ordered_rules_decide(project, call):
    file = project / "experiments" / "cta.yaml"
    text = file.read_text(encoding="utf-8")
    rules = "[{if: lift >= 900%, then: ship}, {if: primary better and days >= 3, then: review}]"
    file.write_text(text.replace("{min_runtime", f"{{rule: {rules}, min_runtime"), encoding="utf-8")
    code, out, _ = call("-C", project, "gate", "cta", "--variant", "shop_now")
    assert code == ExitCode.UNDECIDED
    assert "rule 2: primary better and days >= 3" in out


def test_writes_junit_and_tells_github(project, call, monkeypatch, tmp_path):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "outputs"))
    code, out, errors = call("-C", project, "gate", "cta", "--junit", tmp_path / "gate.xml", "--github")
    assert (code, errors) == (ExitCode.DONE, "")
    assert out.startswith("::notice title=abstory gate%3A OPEN cta -> shop_now::SHIP")
    assert 'name="verdict"' in (tmp_path / "gate.xml").read_text()
    assert (tmp_path / "summary.md").read_text().startswith("### OPEN: cta")
    assert "variant=shop_now" in (tmp_path / "outputs").read_text()


def test_json_stays_one_document_beside_an_annotation(project, call):
    _, out, errors = call("-C", project, "gate", "cta", "--json", "--github")
    assert json.loads(out)["abstory"] == "gate/1"
    assert errors.startswith("::notice ")


def test_a_junit_file_that_cannot_be_written_is_no_open_gate(project, call, tmp_path):
    code, out, errors = call("-C", project, "gate", "cta", "--junit", tmp_path)
    assert (code, out) == (ExitCode.ENVIRONMENT, "")
    assert "is not a regular file" in errors
