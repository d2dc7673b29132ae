"""Calendars: the frozen cases that Node computed, the whole law by going through every number, and what is refused."""

import csv
import json
import subprocess
import sys
from collections import Counter
from itertools import permutations, product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from abstory.assignment import calendar
from abstory.assignment.arrangements import Block
from abstory.assignment.bucket import h
from abstory.assignment.calendar import below, calendars, drawn
from abstory.errors import UsageError
from abstory.experiment import Experiment
from abstory.experiment.calendar import MOST_STATES
from abstory.spec import load_file

GOLDEN = json.loads((Path(__file__).parent.parent / "cases" / "calendar.json").read_text(encoding="ascii"))
LAST_OF_VERSION_1 = "seeds/23"


def arguments(case):
    return (case["variants"], case["accounts"]), {"no_repeat": case["no_repeat"]}


def test_no_case_was_taken_away():
    assert GOLDEN["version"] == 1
    assert len(GOLDEN["numbers"]) >= 98
    assert GOLDEN["calendars"][38]["salt"] == LAST_OF_VERSION_1


def test_every_number():
    assert [below(salt, int(bound)) for salt, bound, _ in GOLDEN["numbers"]] == [
        int(number) for *_, number in GOLDEN["numbers"]
    ]


def test_the_cases_hold_numbers_that_were_rejected_first():
    """2^51 + 1 leaves nearly half of all first hashes aside."""
    rejected = [salt for salt, bound, _ in GOLDEN["numbers"] if int(bound) == 2**51 + 1 and h(salt, 0) > 2**51]
    assert rejected


@pytest.mark.parametrize("case", GOLDEN["calendars"], ids=lambda case: f"{case['salt']} {case['no_repeat']}")
def test_every_calendar(case):
    positional, named = arguments(case)
    found = drawn(case["salt"], *positional, **named)
    assert {name: list(labels) for name, labels in found.items()} == case["drawn"]
    assert list(found) == list(case["accounts"])
    assert calendars(*positional, **named) == int(case["count"])


def test_the_same_in_a_fresh_process_with_another_hash_seed():
    case = GOLDEN["calendars"][6]
    code = (
        "import json, sys; from abstory.assignment.calendar import drawn; case = json.load(sys.stdin);"
        "print(json.dumps(drawn(case['salt'], case['variants'], case['accounts'], no_repeat=case['no_repeat'])))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps(case),
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": "7", "TZ": "Asia/Kathmandu"},
    )
    assert json.loads(done.stdout) == case["drawn"]


def keeps(order, no_repeat):
    windows = [order[at : at + no_repeat] for at in range(len(order))]
    return all(len(set(window)) == len(window) for window in windows)


def law(names, sizes, no_repeat):
    """Every order of one account, written out."""
    parts = [sorted(set(permutations(names * (size // len(names))))) for size in sizes]
    return [whole for orders in product(*parts) if keeps(whole := sum(orders, ()), no_repeat)]


def blocks(sizes):
    return [f"b{number}" for number, size in enumerate(sizes) for _ in range(size)]


@pytest.mark.parametrize(
    ("names", "sizes", "no_repeat"),
    [
        ("ab", (2, 4), 1),
        ("abc", (3, 3), 2),
        ("abc", (6, 3), 2),
        ("abc", (3, 6), 3),
        ("abc", (6, 6), 2),
        ("abcd", (4, 4), 3),
    ],
)
def test_every_number_of_every_block_gives_every_calendar_once(monkeypatch, names, sizes, no_repeat):
    """Numbers of the blocks are independent and uniform, so a calendar reached by one tuple of them is as likely as any."""
    expected = law(tuple(names), sizes, no_repeat)
    counts = {}

    def fixed(numbers):
        return lambda salt, bound: counts.setdefault(salt, bound) and numbers.get(salt, 0)

    def draw(numbers):
        monkeypatch.setattr(calendar, "below", fixed(numbers))
        return drawn("s", list(names), {"x": blocks(sizes)}, no_repeat=no_repeat)["x"]

    draw({})
    numbers = product(*map(range, counts.values()))
    reached = [draw(dict(zip(counts, chosen, strict=True))) for chosen in numbers]
    assert sorted(reached) == sorted(expected)
    assert calendars(list(names), {"x": blocks(sizes)}, no_repeat=no_repeat) == len(expected)


def test_a_number_is_uniform_whatever_the_bound(monkeypatch):
    """Over all hashes of three bits: each number below the bound comes from as many, whatever is not fair is drawn again."""
    monkeypatch.setattr(calendar, "BITS", 3)
    for bound in (1, 2, 3, 5, 8, 9, 11, 40, 64):
        size = 0 if bound == 1 else 1 if bound <= 8 else 2
        found = Counter()
        for first in product(range(8), repeat=size):
            digits = [*first, *[0] * size]
            monkeypatch.setattr(calendar, "h", lambda _, at, digits=digits: digits[at])
            number = sum(digit * 8 ** (size - 1 - at) for at, digit in enumerate(first))
            if number < 8**size // bound * bound:
                found[below("s", bound)] += 1
            else:
                assert below("s", bound) == 0
        assert set(found.values()) == {8**size // bound}
        assert len(found) == bound


def test_salts_spread_evenly_over_a_law():
    """6,000 salts over the 30 · 30 · 2/3 calendars of two blocks; false alarm once in 10,000."""
    accounts = {"x": blocks((6, 6))}
    every = law(tuple("abc"), (6, 6), 2)
    counted = Counter(drawn(f"seed/{seed}", list("abc"), accounts, no_repeat=2)["x"] for seed in range(6000))
    assert set(counted) <= set(every)
    assert chisquare([counted[order] for order in every]).pvalue > 1e-4


@given(st.permutations(["control", "warm", "shop"]), st.sampled_from([1, 2, 3]))
def test_the_order_of_names_and_accounts_changes_nothing(names, no_repeat):
    accounts = {"x": blocks((6, 6)), "y": [f"y.{block}" for block in blocks((3, 6))]}
    plain = drawn("s", ["control", "shop", "warm"], accounts, no_repeat=no_repeat)
    assert drawn("s", names, dict(reversed(accounts.items())), no_repeat=no_repeat) == plain


def test_what_comes_later_or_beside_leaves_the_rest_as_it_was():
    short = drawn("s", list("abc"), {"x": blocks((6, 6))}, no_repeat=2)
    long = drawn("s", list("abc"), {"a": ["q"] * 6, "x": blocks((6, 6, 6))}, no_repeat=2)
    assert long["x"][:12] == short["x"]


@pytest.mark.parametrize(
    ("variants", "accounts", "no_repeat", "told"),
    [
        ("aba", {"x": ["w"] * 3}, 1, "named twice"),
        ("ab", {"x": ["w"] * 2}, 3, "1 to the number of variants, 2, not 3"),
        ("ab", {"x": ["w"] * 2}, 0, "not 0"),
        ("ab", {"x": ["w"] * 3}, 1, "block w has 3 slots, which 2 variants cannot share equally"),
        ("ab", {"x": ["w"], "y": ["w"]}, 2, "block w is not one run of slots of one account"),
        ("ab", {"x": ["v", "w", "v", "w"]}, 2, "block v is not one run"),
        ("abcd", {"x": ["w"] * 160}, 2, "block w has 160 slots: too many to arrange 4 variants with no_repeat 2"),
        ("", {"x": []}, 1, "number of variants, 0"),
    ],
)
def test_what_has_no_law_is_refused(variants, accounts, no_repeat, told):
    for ask in (
        lambda: drawn("s", list(variants), accounts, no_repeat=no_repeat),
        lambda: calendars(list(variants), accounts, no_repeat=no_repeat),
    ):
        with pytest.raises(ValueError, match=told):
            ask()


def test_the_largest_that_are_drawn_still_are():
    """Sixty-four variants, thrice a block of 192 slots, lie just below the bound."""
    names = [f"v{number:02}" for number in range(64)]
    labels = drawn("s", names, {"x": ["w"] * 192}, no_repeat=2)["x"]
    assert Counter(labels) == dict.fromkeys(names, 3)
    assert keeps(labels, 2)
    assert calendar.states(64, 3, 2) <= MOST_STATES < calendar.states(64, 4, 2)
    assert Block(tuple(names), 3, 2).count > 10**300


def experiment(**changes):
    fields = {
        "version": 1,
        "key": "by-time",
        "unit": "slot",
        "factors": {"cta": ["none", "shop_now"]},
        "metrics": {"primary": "completion_rate"},
        "calendar": {"start": "2026-11-23", "weeks": 2, "slots": {"daily": ["12:30", "18:30"]}},
    }
    return Experiment.model_validate(fields | changes)


def golden(salt):
    return next(case for case in GOLDEN["calendars"] if case["salt"] == salt)


def labels(posts):
    found = {}
    for slot, variant in posts:
        found.setdefault(slot.account, []).append(variant)
    return found


def test_the_example_is_drawn_as_ever(root):
    """`tests/cases/posts.csv` is its sheet as first written; the variants are those of the case that Node computed."""
    made = load_file(root / "experiments" / "reels-slots-w48.yaml")
    posts = calendar.calendar(made)
    with (root / "tests/cases/posts.csv").open(encoding="ascii", newline="") as file:
        told = {row["slot_id"]: row["variant"] for row in csv.DictReader(file)}
    assert {slot.id: variant for slot, variant in posts} == told
    case = golden("reels-slots-w48/calendar/20261123")
    assert labels(posts) == case["drawn"]
    assert calendar.possible(made) == int(case["count"])


@pytest.mark.parametrize(
    ("salt", "changes"),
    [
        ("by-time/calendar/0", {"calendar": {"block_by": "time"}}),
        (
            "by-week/calendar/5",
            {
                "key": "by-week",
                "calendar": {
                    "weeks": 3,
                    "block_by": "week",
                    "accounts": ["fr", "de"],
                    "slots": {"mon-fri": ["08:00"]},
                    "seed": 5,
                },
            },
        ),
    ],
)
def test_a_file_is_drawn_by_its_key_seed_and_blocks(salt, changes):
    own = {"start": "2026-11-23", "weeks": 2, "slots": {"daily": ["12:30", "18:30"]}} | changes["calendar"]
    made = experiment(**changes | {"calendar": own})
    assert labels(calendar.calendar(made)) == golden(salt)["drawn"]


@given(st.permutations(["de", "fr", "it"]), st.permutations(["account", "week"]), st.permutations(["a", "b", "c"]))
def test_no_order_in_the_file_moves_a_post(accounts, block_by, names):
    def posted(accounts, block_by, names):
        own = {"start": "2026-11-23", "weeks": 2, "slots": {"mon-sat": ["08:00"]}}
        own |= {"accounts": accounts, "block_by": block_by, "no_repeat": 2}
        variants = {name: {"hook": name} for name in names}
        made = experiment(factors={"hook": ["a", "b", "c"]}, variants=variants, calendar=own)
        return {post.slot.id: post for post in calendar.calendar(made)}

    assert posted(accounts, block_by, names) == posted(["de", "fr", "it"], ["account", "week"], ["a", "b", "c"])


def test_accounts_come_as_declared():
    own = {"start": "2026-11-23", "weeks": 1, "slots": {"mon": ["08:00", "20:00"]}, "accounts": ["z", "a"]}
    posts = calendar.calendar(experiment(calendar=own))
    assert [post.slot.account for post in posts] == ["z", "z", "a", "a"]


def test_viewers_have_no_calendar(root):
    made = load_file(root / "experiments" / "cta-button.yaml")
    for ask in (calendar.calendar, calendar.possible):
        with pytest.raises(UsageError, match="randomises viewers: it has no calendar"):
            ask(made)
