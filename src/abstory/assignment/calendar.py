"""Which slot of a calendar gets which variant: one of all calendars of its law, by a contract that is frozen.

Law: in every block each variant is posted equally often, and along one account any `no_repeat` neighbouring slots hold
as many different variants. Contract: the slots of a block are those of its accounts, sorted by name, in time order. Of
the arrangements that the law leaves a block after the slots before it, in lexicographic order of the sorted names, it
gets the one with number `below(salt/block, how many there are)`. So another account or a later week leaves the rest as
it was. `tests/cases/calendar.json` holds the contract.

Every calendar is equally likely: exchanging names maps the law onto itself, so a block has equally many arrangements,
and so many continuations, after any `no_repeat` − 1 different variants; blocks drawn one after the other, each uniform
given those before, are then uniform over the whole law.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from abstory.assignment.arrangements import Block
from abstory.assignment.bucket import BITS, h
from abstory.errors import UsageError
from abstory.experiment.calendar import MOST_STATES, states

if TYPE_CHECKING:
    from abstory.experiment import Calendar, Experiment, Slot

Accounts = Mapping[str, Sequence[str]]
_Place = tuple[str, int]


class Post(NamedTuple):
    """A slot of a calendar, and what is to be posted in it.

    Attributes:
        slot: who posts, when, and in which block.
        variant: its name.
    """

    slot: Slot
    variant: str


def calendar(experiment: Experiment) -> tuple[Post, ...]:
    """Every slot of an experiment with its variant: account by account in declared order, each in order of time.

    The salt is `key/calendar/seed`; a block is called by its parts, in the order account, week, weekday, time, a time
    as 12.30. In which order a file names accounts, variants or blocks moves no post.

    Raises:
        UsageError: the experiment randomises viewers, not posts.
    """
    own = declared(experiment)
    labels = drawn(f"{experiment.key}/calendar/{own.seed}", *_law(experiment), no_repeat=own.no_repeat)
    return tuple(
        Post(slot, variant)
        for account, slots in own.by_account.items()
        for slot, variant in zip(slots, labels[account], strict=True)
    )


def possible(experiment: Experiment) -> int:
    """How many calendars could have been drawn for an experiment, with this seed or another. Raises as `calendar`."""
    return calendars(*_law(experiment), no_repeat=declared(experiment).no_repeat)


def declared(experiment: Experiment) -> Calendar:
    """What its file says of the calendar. Raises as `calendar`."""
    if experiment.calendar is None:
        hint = f"abstory assign {experiment.key} VIEWER says who gets which variant"
        raise UsageError(f"{experiment.key} randomises viewers: it has no calendar", hint=hint)
    return experiment.calendar


def _law(experiment: Experiment) -> tuple[list[str], Accounts]:
    by_account = declared(experiment).by_account
    # No salt has a colon in it.
    blocks = {account: [slot.block.replace(":", ".") for slot in slots] for account, slots in by_account.items()}
    return [variant.name for variant in experiment.variants], blocks


def drawn(salt: str, variants: Sequence[str], accounts: Accounts, *, no_repeat: int = 1) -> dict[str, tuple[str, ...]]:
    """The variant of every slot, by account in time order.

    Args:
        salt: what is being decided, such as a key and a seed; printable ASCII without ":".
        variants: their names, in any order.
        accounts: by the account's name, the block of each slot in time order; a block's id is as plain as a salt.
        no_repeat: from 1, which asks for nothing, to the number of variants.

    Raises:
        ValueError: a name twice; `no_repeat` out of range; a block that cannot hold every variant equally often; with a
            rule along accounts, a block that is not one run of slots of one account, or one with too many arrangements
            to count (`states` above 200,000).
    """
    chosen: dict[_Place, str] = {}
    for block, places in _blocks(variants, accounts, no_repeat).items():
        account, first = places[0]
        before = tuple(chosen[account, at] for at in range(max(0, first - no_repeat + 1), first))
        own = Block(tuple(sorted(variants)), len(places) // len(variants), no_repeat, before)
        chosen |= zip(places, own.at(below(f"{salt}/{block}", own.count)), strict=True)
    return {name: tuple(chosen[name, at] for at in range(len(blocks))) for name, blocks in accounts.items()}


def calendars(variants: Sequence[str], accounts: Accounts, *, no_repeat: int = 1) -> int:
    """How many calendars the law has; arguments and errors as `drawn`."""
    names = tuple(sorted(variants))
    return math.prod(
        Block(names, len(places) // len(names), no_repeat, names[: min(places[0][1], no_repeat - 1)]).count
        for places in _blocks(variants, accounts, no_repeat).values()
    )


def below(salt: str, bound: int) -> int:
    """A whole number from 0 below `bound`, uniform as far as SHA-256 is.

    k hashes h(salt, 0), h(salt, 1), ... are the digits of a number in base 2^52, the first one leading, with the least
    k for which 2^(52k) >= bound. Numbers from the largest multiple of `bound` on are rejected and the next k hashes
    taken; of any other the answer is its remainder.

    Args:
        salt: as `bucket.h` takes it.
        bound: >= 1, of any size.
    """
    size = -(-(bound - 1).bit_length() // BITS)
    fair = (1 << BITS * size) // bound * bound
    numbers = (_number(salt, range(at * size, (at + 1) * size)) for at in count())
    return next(number for number in numbers if number < fair) % bound


def _number(salt: str, counters: range) -> int:
    number = 0
    for counter in counters:
        number = number << BITS | h(salt, counter)
    return number


def _blocks(variants: Sequence[str], accounts: Accounts, no_repeat: int) -> dict[str, list[_Place]]:
    """The places of each block in the contract's order; what the law cannot have is refused."""
    if len(set(variants)) < len(variants):
        raise ValueError("a variant is named twice")
    if not 1 <= no_repeat <= len(variants):
        raise ValueError(f"no_repeat is from 1 to the number of variants, {len(variants)}, not {no_repeat}")
    blocks: dict[str, list[_Place]] = {}
    for account in sorted(accounts):
        for at, block in enumerate(accounts[account]):
            blocks.setdefault(block, []).append((account, at))
    for block, places in blocks.items():
        if fault := _fault(places, len(variants), no_repeat):
            raise ValueError(f"block {block} {fault}")
    return blocks


def _fault(places: Sequence[_Place], variants: int, no_repeat: int) -> str:
    size, (account, first) = len(places), places[0]
    if size % variants:
        return f"has {size} slots, which {variants} variants cannot share equally"
    if no_repeat > 1 and places != [(account, first + step) for step in range(size)]:
        return "is not one run of slots of one account, along which no_repeat is a rule"
    if states(variants, size // variants, no_repeat) > MOST_STATES:
        return f"has {size} slots: too many to arrange {variants} variants with no_repeat {no_repeat}"
    return ""
