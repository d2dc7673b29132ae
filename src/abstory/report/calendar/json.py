"""The `calendar/1` document: a posting calendar for programs.

`abstory`, `experiment` {key, title, hypothesis, fingerprint, control}, `start` and `end` (days, the end exclusive),
`timezone`, `seed`, `block_by`, `min_gap`, `no_repeat`, `variants` [{variant, control, creative, asset}], `posts`
[{slot_id, account, block, scheduled_at (UTC), local (on the calendar's clock), variant}] in order of time, and
`balance` {even, blocks [{block, counts}], closest {seconds, slots}, repeats, again, possible, contrasts [{variant,
possible, smallest_p (adjusted, as a report's p), alpha, decidable}]}. A count of calendars is {count (null above 2^53),
log10}.
"""

from __future__ import annotations

import math

from abstory.experiment import Variant
from abstory.report.calendar.drawn import Drawn
from abstory.report.json import Plain, instant, written
from abstory.report.look import Look
from abstory.spec.assets import asset_of

FORMAT = "calendar/1"
_EXACT = 2**53


def render(drawn: Drawn, look: Look) -> str:
    """The document as text."""
    return written(document(drawn), look)


def document(drawn: Drawn) -> Plain:
    """The `calendar/1` document as plain values."""
    experiment, declared = drawn.experiment, drawn.declared
    return {
        "abstory": FORMAT,
        "experiment": {
            "key": experiment.key,
            "title": experiment.title,
            "hypothesis": experiment.hypothesis,
            "fingerprint": experiment.fingerprint,
            "control": experiment.control.name,
        },
        "start": declared.schedule.start.isoformat(),
        "end": declared.schedule.end.isoformat(),
        "timezone": declared.timezone,
        "seed": declared.seed,
        "block_by": list(declared.block_by),
        "min_gap": declared.min_gap.text if declared.min_gap else None,
        "no_repeat": declared.no_repeat,
        "variants": [_variant(drawn, variant) for variant in experiment.variants],
        "posts": [
            {
                "slot_id": slot.id,
                "account": slot.account,
                "block": slot.block,
                "scheduled_at": instant(slot.scheduled_us),
                "local": slot.local,
                "variant": variant,
            }
            for slot, variant in drawn.by_time
        ],
        "balance": _balance(drawn),
    }


def _variant(drawn: Drawn, variant: Variant) -> Plain:
    return {
        "variant": variant.name,
        "control": variant.name == drawn.experiment.control.name,
        "creative": dict(variant.creative),
        "asset": asset_of(drawn.experiment, variant, ""),
    }


def _balance(drawn: Drawn) -> Plain:
    told = drawn.balance
    closest = [slot.id for slot in told.closest] if told.closest else None
    return {
        "even": told.even,
        "blocks": [{"block": block, "counts": dict(counts)} for block, counts in told.counts.items()],
        "closest": {"seconds": told.closest_us // 1_000_000, "slots": closest} if told.closest_us is not None else None,
        "repeats": told.repeats,
        "again": told.again,
        "possible": _count(told.possible),
        "contrasts": [
            {
                "variant": one.variant,
                "possible": _count(one.draws),
                "smallest_p": one.smallest_p,
                "alpha": one.alpha,
                "decidable": one.decidable,
            }
            for one in told.contrasts
        ],
    }


def _count(number: int) -> Plain:
    return {"count": number if number <= _EXACT else None, "log10": math.log10(number)}
