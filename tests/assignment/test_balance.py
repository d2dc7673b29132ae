"""How even a calendar is, counted again by hand; and what it can show, held to the analysis that will be made of it."""

import math
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abstory.analysis.posts import analyse
from abstory.analysis.readings import lengths_apart
from abstory.assignment.balance import balance, undecidable
from abstory.assignment.calendar import Post as Due
from abstory.assignment.calendar import calendar
from abstory.experiment import Experiment, Role
from abstory.results import Reads
from abstory.warehouse.slots import Post, SlotData, TotalReading


def experiment(*, variants=2, factors=None, analysis=None, primary="engagement_rate", **own):
    names = [f"v{number}" for number in range(variants)]
    declared = {"start": "2026-11-23", "weeks": 2, "slots": {"mon-wed": ["12:30", "18:30"]}} | own
    return Experiment.model_validate(
        {
            "version": 1,
            "key": "even",
            "unit": "slot",
            "factors": factors or {"hook": names},
            "metrics": {"primary": primary},
            "calendar": declared,
            "analysis": analysis or {},
        }
    )


def lines(posts):
    found = {}
    for post in posts:
        found.setdefault(post.slot.account, []).append(post)
    return list(found.values())


SHAPES = [
    {},
    {"weeks": 1},
    {"variants": 3, "no_repeat": 2, "seed": 4},
    {"variants": 3, "no_repeat": 3, "accounts": ["a", "b"]},
    {"variants": 2, "no_repeat": 2, "accounts": ["a", "b", "c"]},
    {"variants": 6, "block_by": "week", "accounts": ["a", "b"]},
    {"variants": 3, "block_by": [], "weeks": 3, "analysis": {"alpha": "20%"}},
]
DESIGNS = [experiment(**shape) for shape in SHAPES]


@pytest.mark.parametrize("made", DESIGNS)
def test_the_counts_are_those_of_the_posts(made):
    posts = calendar(made)
    told = balance(made, posts)
    assert told.even
    assert {(block, name): n for block, counts in told.counts.items() for name, n in counts.items()} == Counter(
        (post.slot.block, post.variant) for post in posts
    )
    pairs = [two for line in lines(posts) for two in pairwise(line)]
    assert told.repeats == sum(one.variant == other.variant for one, other in pairs)
    assert told.closest_us == min(other.slot.scheduled_us - one.slot.scheduled_us for one, other in pairs)


@given(st.integers(0, 50), st.integers(1, 3))
def test_a_variant_comes_again_no_sooner_than_the_rule_allows(seed, no_repeat):
    made = experiment(variants=3, no_repeat=no_repeat, seed=seed)
    posts = calendar(made)
    names = [post.variant for post in posts]
    sooner = [wait for wait in range(1, len(names)) if any(a == b for a, b in zip(names, names[wait:], strict=False))]
    assert balance(made, posts).again == sooner[0] >= no_repeat


def test_an_uneven_calendar_is_told():
    made = experiment()
    first, *rest = calendar(made)
    other = {"v0": "v1", "v1": "v0"}[first.variant]
    told = balance(made, (Due(first.slot, other), *rest[:-1], rest[-1]))
    assert not told.even


def test_one_post_has_no_neighbour():
    made = experiment(weeks=1, slots={"mon": ["08:00"]}, accounts=["a", "b"], block_by="week")
    told = balance(made, calendar(made))
    assert (told.closest, told.closest_us, told.repeats, told.again) == (None, None, 0, None)


def extreme(made):
    """What the store knows where every post of a treatment did better than every post of control."""
    posts, readings = [], []
    for at, (slot, variant) in enumerate(calendar(made)):
        posts.append(Post(slot.id, variant, f"story-{at}", slot.scheduled_us))
        likes = 200 + at + (300 if variant != made.control.name else 0)
        for name, value in (("views", 1000), ("likes", likes), ("cta_clicks", likes), ("completions", likes)):
            captured = slot.scheduled_us + made.analysis.window.us
            readings.append(TotalReading(f"story-{at}", captured, name, value * 1_000_000, None))
    return SlotData(tuple(posts), tuple(readings))


WAYS = ["bonferroni", "holm", "hochberg", "bh", "gatekeeping", "none"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("primary", ["cta_rate", ["cta_rate", "engagement_rate"]])
def test_what_can_be_shown_is_what_the_analysis_shows_of_the_most_extreme_posts(design, way, primary):
    alpha = {"alpha": f"{design.analysis.alpha:.0%}"}
    made = experiment(**SHAPES[DESIGNS.index(design)] | {"analysis": alpha | {"multiplicity": way}, "primary": primary})
    found = analyse(made, extreme(made), as_of_us=made.closes_us)
    assert found.trusted
    for contrast in balance(made, calendar(made)).contrasts:
        for metric in found.metrics:
            told = metric.against(contrast.variant)
            assert (told.reads is Reads.BETTER) is contrast.decidable
            if contrast.decidable:
                p = told.p_adjusted if way in {"holm", "hochberg", "gatekeeping"} else told.effect.p_value
                assert p == pytest.approx(contrast.smallest_p)


def test_beyond_what_is_enumerated_p_is_that_of_the_draws():
    (contrast,) = balance(made := experiment(weeks=8), calendar(made)).contrasts
    # C(6, 3)^8 calendars; 99,999 are drawn beside the one that was posted.
    assert contrast.draws == 20**8
    assert contrast.smallest_p == 2 / 100_000


@pytest.mark.parametrize(
    ("made", "least"),
    [
        (experiment(weeks=1), 2 / 20),  # one block of 3 + 3
        (experiment(variants=2, no_repeat=2, accounts=["a", "b"]), 2 / 4),  # each account begins with either
        (experiment(variants=3, weeks=1, slots={"mon-wed": ["12:30"]}), 1.0),  # one of 1 + 1, twice 2/2
    ],
)
def test_too_few_calendars_are_told(made, least):
    assert [one.smallest_p for one in undecidable(made)] == [least] * (len(made.variants) - 1)


def test_a_second_treatment_can_make_too_few_of_enough():
    """Five weeks of one post each: 32 calendars, 2/32 = .0625, below 10 % but not below a half of it."""
    own = {"weeks": 5, "slots": {"mon-tue": ["12:30"]}, "analysis": {"alpha": "10%"}}
    assert undecidable(experiment(**own)) == ()
    own |= {"variants": 3, "slots": {"mon-wed": ["12:30"]}}
    assert [one.smallest_p for one in undecidable(experiment(**own))] == [0.125, 0.125]
    assert undecidable(experiment(**own | {"analysis": {"alpha": "10%", "multiplicity": "none"}})) == ()
    # Were both as extreme, Hochberg would name both: the larger p is below alpha.
    assert undecidable(experiment(**own | {"analysis": {"alpha": "10%", "multiplicity": "hochberg"}})) == ()


def test_a_p_of_alpha_is_not_below_it():
    """Seven comparisons of 280 calendars: 7 · 2/280 is .05, and a little less in doubles."""
    (contrast,) = balance(made := experiment(), calendar(made)).contrasts
    assert 7 * (2 / 280) < 0.05
    assert replace(contrast, smallest_p=7 * (2 / 280), alpha=0.05).decidable is False
    assert replace(contrast, smallest_p=7 * (2 / 281), alpha=0.05).decidable is True


@pytest.mark.parametrize("across", [True, False])
@pytest.mark.parametrize("primary", [["completion_rate"], ["completion_rate", "cta_rate"], ["cta_rate"]])
def test_alpha_is_shared_as_the_analysis_shares_it(primary, across):
    """Of three treatments two are of another length: completion is compared with them only where the file asks."""
    factors = {"length": ["15s", "12s"], "cta": ["none", "shop_now"]}
    own = {"slots": {"mon-sun": ["09:00", "15:00"]}, "block_by": "account", "weeks": 2}
    made = experiment(factors=factors, primary=primary, analysis={"compare_across_lengths": across}, **own)
    shared = [
        variant.name
        for outcome in made.outcomes
        if outcome.role is Role.PRIMARY
        for variant in made.treatments
        if not lengths_apart(made, outcome.metric, variant)
    ]
    for contrast in balance(made, calendar(made)).contrasts:
        # Each has 7 posts in one block.
        times = len(shared) if contrast.variant in shared else 1
        assert contrast.smallest_p == pytest.approx(times * 2 / math.comb(14, 7))
