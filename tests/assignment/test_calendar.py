"""Calendars: the frozen cases that Node computed, the whole law by going through every number, and what is refused."""

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
from abstory.assignment.calendar import MOST_STATES, below, calendars, drawn

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
