"""The table says every post once, whole at any width, and what it can show in words."""

import re
from dataclasses import replace

import pytest
from rich.cells import cell_len

from abstory.assignment.balance import balance
from abstory.assignment.calendar import Post
from abstory.report.calendar.table import lines, render
from abstory.report.look import Look


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_no_line_is_wider_than_asked(every, width):
    told = render(every, Look(width)).splitlines()
    assert max(map(cell_len, told)) <= width
    assert told == [line.plain.rstrip() for line in lines(every, Look(width))]


def test_ascii_is_ascii(every):
    assert render(every, Look(60, ascii_only=True)).isascii()


def read(text, accounts):
    """The table read back: (account, local time) to variant."""
    found, heads, day, alone = {}, [], "", accounts[0] if len(accounts) == 1 else ""
    for line in text.splitlines():
        if match := re.match(r"week \d+(?: · (\S+))?$", line):
            alone = match[1] or alone
        elif line.startswith("day "):
            heads = line.split()[2:]
        elif match := re.match(r"(?:[A-Z][a-z]{2} (\d{4}-\d\d-\d\d))? *(\d\d:\d\d)  (.*)", line):
            day = match[1] or day
            names = [alone] if heads == ["variant"] else heads
            found |= {(name, f"{day}T{match[2]}"): v for name, v in zip(names, match[3].split(), strict=True)}
    return found


@pytest.mark.parametrize("width", [40, 60, 80, 200])
@pytest.mark.parametrize("shape", ["reels", "pair", "shifted", "accounts", "uneven"])
def test_every_post_is_there_once(drawn, shape, width):
    made = drawn(shape)
    text = render(made, Look(width))
    assert read(text, made.declared.accounts) == {(s.account, s.local): variant for s, variant in made.posts}


def test_a_name_too_long_for_the_line_goes_on_below(drawn):
    told = render(drawn("long"), Look(40)).splitlines()
    (at, *_) = [at for at, line in enumerate(told) if line.endswith("08:00  a-hook-whose-name-goes-on-and-o")]
    assert told[at + 1].strip() == "n-until-nobody-remembers"


@pytest.mark.parametrize("width", [60, 80])
@pytest.mark.parametrize("shape", ["pair", "accounts", "shifted", "uneven"])
def test_as_it_looks(drawn, shape, width, snapshot):
    assert render(drawn(shape), Look(width)) == snapshot


def test_what_can_never_be_shown_is_said_plainly(drawn):
    told = " ".join(render(drawn("shifted"), Look(80)).split())
    # One block of 3 + 3: 20 calendars.
    assert "NEVER whatever comes out, p cannot lie below .100, so nothing can be shown of any treatment" in told
    assert "no_repeat" not in told
    assert "NEVER" not in render(drawn("pair"), Look(80))


def test_a_rule_that_leaves_too_few_is_named(drawn):
    """Three variants in turn: on each of seven accounts treatment and control may change places."""
    assert [one.draws for one in drawn("accounts").balance.contrasts] == [2**7] * 2
    assert "NEVER" not in render(drawn("accounts"), Look(80))
    told = " ".join(render(drawn("turns"), Look(80)).split())
    assert "p cannot lie below .250" in told
    assert told.count("and so would no_repeat: 1") == 1


def test_an_uneven_calendar_reads_as_uneven(drawn):
    made = drawn("pair")
    first, *rest = made.posts
    other = {"none": "question", "question": "none"}[first.variant]
    posts = (Post(first.slot, other), *rest)
    told = render(replace(made, posts=posts, balance=balance(made.experiment, posts)), Look())
    assert "BALANCE uneven   each variant 2 to 4 times in each of 2 blocks" in told


def test_blocks_of_several_sizes_are_told_as_such(drawn):
    assert "each variant once in each of 4 blocks" in render(drawn("uneven"), Look(80))
