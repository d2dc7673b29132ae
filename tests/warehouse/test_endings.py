"""Where views ended, on DuckDB, against a plain reading of the same rows, and against measures that say the same."""

import importlib.util
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from abstory.metrics import built_in
from abstory.warehouse.base import Endings
from abstory.warehouse.rollup_endings import endings as counted


def _beside(name):
    spec = importlib.util.spec_from_file_location(f"abstory_{name}", Path(__file__).parent / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


base = _beside("test_rollup")
START, DAY, SECOND = base.START, base.DAY, base.SECOND
shown, event = base.shown, base.event
QUESTION = base.QUESTION


def ask(exposures, events, question=QUESTION):
    base.fill(base.STORE, exposures, events)
    return counted(base.STORE, question)


def first_shown(exposures, question):
    """(Instant, arm's place) of every viewer's first exposure."""
    places = {arm.variant: place for place, arm in enumerate(question.arms)}
    rows = [
        (viewer, at, places[variant])
        for experiment, viewer, variant, at, _, _, forced in exposures
        if experiment == "cta" and variant in places and not forced
        if question.start_us <= at < question.end_us and at <= question.as_of_us
    ]
    return {viewer: min((at, place) for who, at, place in rows if who == viewer) for viewer, _, _ in rows}


def attributed(events, first, question):
    """Views' watch times and the number of `complete` events, by viewer and story."""
    views, completes = defaultdict(list), Counter()
    for viewer, story, name, at, watch, _, _ in events:
        if viewer not in first or (question.story is not None and story != question.story):
            continue
        since = at - first[viewer][0]
        ripe = first[viewer][0] + question.window_us <= question.as_of_us
        if ripe and 0 <= since < question.window_us and at < question.as_of_us:
            if name == "view":
                views[viewer, story].append(None if watch is None else max(watch, 0))
            completes[viewer, story] += name == "complete"
    return views, completes


def ended(own, told, length):
    """(Ending, milliseconds) of each view of one viewer and story; None for a view whose end nothing tells."""
    cap = length or 60_000
    last = ((cap - 1) // 1000, True)
    ready = [w for w in own if w is not None and w >= cap]
    rest = [w for w in own if w is None] + sorted((w for w in own if w is not None and w < cap), reverse=True)
    told = max(0, told - len(ready))
    for at, watch in enumerate(rest):
        if at < told and length:
            yield last, cap
        else:
            yield None if watch is None else ((watch // 1000, at < told), watch)
    yield from [(last, cap)] * len(ready)


def plainly(exposures, events, question):
    """Viewer by viewer, story by story: the views in order, and how many of them `complete` events end."""
    first = first_shown(exposures, question)
    views, completes = attributed(events, first, question)
    return {
        arm.variant: endings(
            {
                key: list(ended(own, completes[key], arm.length_ms))
                for key, own in views.items()
                if first[key[0]][1] == place
            }
        )
        for place, arm in enumerate(question.arms)
    }


def endings(found):
    cells, sums, together = defaultdict(Counter), Counter(), Counter()
    for (viewer, _), rows in found.items():
        for ending, ms in filter(None, rows):
            cells[viewer][ending] += 1
            sums[ending] += ms
    for own in cells.values():
        together.update({(a, b): own[a] * own[b] for a in own for b in own if a <= b})
    untimed = sum(row is None for rows in found.values() for row in rows)
    return Endings(len(cells), untimed, dict(sum(cells.values(), Counter())), dict(sums), dict(together))


@settings(max_examples=60, deadline=None)
@given(base.exposures, base.events, base.questions)
def test_every_count_equals_the_plain_reading(exposures, events, question):
    assert ask(exposures, events, question) == plainly(exposures, events, question)


@settings(max_examples=15, deadline=None)
@given(base.exposures, base.events, base.questions)
def test_the_shares_are_those_of_the_metrics(exposures, events, question):
    """Of declared lengths: views that reach the end are complete views, all of them views, less what says no time."""
    metric = built_in("completions_per_view")
    question = replace(question, story="s", measures=metric.measures, pairs=metric.pairs)
    answer, found = base.ask(exposures, events, question), ask(exposures, events, question)
    for arm in question.arms:
        moments, ended = answer.arms[arm.variant].moments, found[arm.variant]
        views, n = ended.views, moments.n
        if arm.length_ms is not None and n:
            assert sum(views.values()) + ended.untimed == pytest.approx(n * moments.means["count(view)"])
            ended = sum(count for (_, still), count in views.items() if still)
            assert ended <= round(n * moments.means["complete_views()"])


def test_a_complete_event_ends_the_longest_view_of_its_story_and_no_other():
    rows = [event("v", "view", START + at, watch=watch) for at, watch in enumerate((2000, 14_900, 9000))]
    rows += [event("v", "complete", START + 9), event("v", "view", START, watch=14_950, story="t")]
    found = ask([shown("v", START)], rows)["15s"]
    assert found.views == {(2, False): 1, (9, False): 1, (14, False): 1, (14, True): 1}
    assert found.milliseconds[14, True] == 15_000
    assert found.milliseconds[14, False] == 14_950


def test_a_complete_view_of_no_declared_length_is_still_watching_where_it_stopped():
    rows = [
        event("v", "view", START, watch=7300),
        event("v", "complete", START),
        event("v", "view", START, watch=61_000),
    ]
    found = ask([shown("v", START, "uncut")], rows)["uncut"]
    assert found.views == {
        (59, True): 1,
        (7, False): 1,
    }  # the view beyond the cap is the one that a complete event tells
    rows[2] = event("v", "view", START, watch=61_000, story="t")
    found = ask([shown("v", START, "uncut")], rows)["uncut"]
    assert found.views == {(7, True): 1, (59, True): 1}


def test_a_view_without_a_time_is_left_out_and_counted_unless_a_complete_event_tells_its_end():
    rows = [event("v", "view", START, watch=None), event("v", "view", START + 1, watch=3000)]
    found = ask([shown("v", START)], rows)["15s"]
    assert (found.untimed, found.views) == (1, {(3, False): 1})
    found = ask([shown("v", START)], [*rows, event("v", "complete", START)])["15s"]
    assert (found.untimed, found.views) == (0, {(3, False): 1, (14, True): 1})


def test_no_row_of_events_is_too_long_for_the_sums():
    rows = [event("v", "view", START + at, watch=2**62) for at in range(5)]
    found = ask([shown("v", START)], rows)["15s"]
    assert found.views == {(14, True): 5}
    assert found.together == {((14, True), (14, True)): 25}


def test_order_of_rows_does_not_matter():
    rows = [event(f"v{i % 3}", "view", START + i, watch=i * 1111) for i in range(9)] + [event("v1", "complete", START)]
    people = [shown(f"v{i}", START) for i in range(3)]
    assert ask(people[::-1], rows[::-1]) == ask(people, rows)
