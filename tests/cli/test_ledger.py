"""`abstory ledger`: calls and looks are counted apart."""

import json

from abstory.errors import ExitCode


def test_before_anyone_asked(project, call):
    code, out, _ = call("-C", project, "ledger")
    assert code == ExitCode.DONE
    assert "no gate was asked yet" in out


def test_calls_on_the_same_data_are_one_look(project, call):
    for asked in ([], [], ["--variant", "swipe_up"], ["--as-of", "2025-11-09"]):
        call("-C", project, "gate", "cta", *asked)
    code, out, _ = call("-C", project, "ledger", "cta", "--json")
    told = json.loads(out)
    assert (code, told["abstory"], told["looks"]) == (ExitCode.DONE, "ledger/1", {"cta": 2})
    assert [one["asked"] for one in told["calls"]] == [None, None, "swipe_up", None]
    assert len({one["data_hash"] for one in told["calls"]}) == 2
    _, page, _ = call("-C", project, "ledger")
    assert page.endswith("cta: 4 calls, 2 looks\n")
    assert "open: SHIP shop_now" in page
    assert "closed: KEEP none (asked of swipe_up)" in page


def test_an_unknown_key(project, call):
    code, out, errors = call("-C", project, "ledger", "ctaa")
    assert (code, out) == (ExitCode.REFUSED, "")
    assert "did you mean cta?" in errors
