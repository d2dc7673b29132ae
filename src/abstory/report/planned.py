"""What the pages and documents of plans share, whether viewers or posts are planned for."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from rich.text import Text

from abstory import digits
from abstory.experiment import Role
from abstory.planning.question import Question
from abstory.planning.target import Aim, Target
from abstory.report.json import Plain
from abstory.report.look import Look
from abstory.report.prose import listed, paragraph
from abstory.report.tables import Column, Drawing, lay
from abstory.results import Method

FORMAT = "power/1"
_BAR, _LONGEST = 6, 20
_SHOWN = {Aim.FIND: "change that is found", Aim.HOLD: "loss that is ruled out"}


def plain_question(question: Question, method: Method, each: float) -> dict[str, object]:
    """The document's beginning: what was asked, and how it will be read."""
    experiment = question.experiment
    return {
        "abstory": FORMAT,
        "experiment": {"key": experiment.key, "fingerprint": experiment.fingerprint},
        "unit": experiment.unit,
        "method": {
            "reading": method.reading,
            "multiplicity": method.multiplicity or None,
            "family": method.family,
            "alpha": method.alpha,
            "planned": method.planned,
        },
        "power": question.wanted,
        "power_each": each,
        "what_if": {
            "mde": {name: size.text for name, size in question.mdes.items()},
            "power": question.power,
            "explained": dict(question.explained),
            "only": list(question.only),
        },
    }


def plain_target(target: Target) -> dict[str, object]:
    """What is to be shown of one metric."""
    return {
        "metric": target.name,
        "role": target.outcome.role.value,
        "aim": target.aim.value,
        "size": {"value": target.size.value, "relative": target.size.relative, "text": target.size.text},
        "power": target.power,
    }


def plain_change(target: Target, change: float) -> Plain | None:
    """The smallest change of a metric; None where there is none."""
    mean = target.baseline.mean
    return {"difference": change, "lift": change / mean if mean > 0 else None} if math.isfinite(change) else None


def blocks(parts: Sequence[list[Text]]) -> list[Text]:
    """Parts of a page with a blank line between them."""
    return [line for at, part in enumerate(parts) for line in ([Text()] if at else []) + part]


def asked(question: Question, look: Look) -> list[Text]:
    """The page's title, and what was asked in place of the file's own."""
    key, chance = look.say(question.experiment.key), percent(question.wanted)
    title = f"what it takes to ship, with a chance of {chance}, what has its MDE and harms nothing"
    told = list(_instead(question))
    return [
        *paragraph(look.plain(f"{key} · "), look.say(title), look.width, style="bold"),
        *(said(look, "WHAT IF ", told, style="yellow", joint=",") if told else []),
    ]


def _instead(question: Question) -> Iterator[str]:
    yield from (f"mde of {name} {size.text}" for name, size in question.mdes.items())
    if question.power:
        yield f"power {percent(question.power)}"
    yield from (f"covariates explain {percent(share)} of {name}" for name, share in question.explained.items())
    if question.only:
        yield f"only {', '.join(question.only)}"


def curves(
    targets: Sequence[Target], look: Look, columns: Callable[[Target], list[Column | Drawing]]
) -> Iterator[list[Text]]:
    """The smallest change of each primary that is found with the planned chance, as the experiment grows."""
    for target in targets:
        if target.outcome.role is Role.PRIMARY:
            title = f"the smallest {_SHOWN[target.aim]} with a chance of {percent(target.power)}"
            lead = paragraph(f"{look.say(target.name)}: ", title, look.width, style="bold")
            yield [*lead, *table(columns(target), look)]


def changes(target: Target, sizes: Sequence[float], look: Look) -> list[Column | Drawing]:
    """The smallest changes as lifts, as differences and drawn; infinite sizes are none."""
    metric, mean = target.outcome.metric, target.baseline.mean
    found = [math.copysign(size, target.change) for size in sizes]
    fits = [math.isfinite(change) for change in found]
    lifts = [digits.lift(c / mean) if ok and mean > 0 else digits.NOTHING for c, ok in zip(found, fits, strict=True)]
    steps = [digits.difference(c, metric.unit) if ok else "none" for c, ok in zip(found, fits, strict=True)]
    return [
        Column("lift", tuple(map(look.plain, lifts)), right=True),
        Column("difference", tuple(map(look.plain, steps)), right=True, drop=2),
        _bars(found, look),
    ]


def _bars(found: Sequence[float], look: Look) -> Drawing:
    largest = max((abs(change) for change in found if math.isfinite(change)), default=1.0)

    def draw(width: int) -> Column:
        shares = [abs(change) / largest if math.isfinite(change) else None for change in found]
        bars = ["" if share is None else "─" * round(share * (width - 1)) + "●" for share in shares]
        return Column("", tuple(map(look.plain, bars)))

    return Drawing(draw, _BAR, _LONGEST, drop=1)


def foot(method: Method, notes: Iterator[str], commands: list[str], look: Look) -> list[Text]:
    """How it will be read, what to know of the plan, and what to do next."""
    how = [method.reading, method.multiplicity, f"alpha {digits.fraction(method.alpha)}"]
    return [
        *said(look, "how: ", [part for part in how if part], style="dim", joint=","),
        *(line for note in notes for line in paragraph("     ", look.say(note), look.width)),
        *said(look, "next: ", commands, style="dim"),
    ]


def shared(question: Question, targets: Sequence[Target]) -> Iterator[str]:
    """That power is shared out over several tests."""
    if len(targets) > 1 and targets[0].power > question.wanted:
        each, together = percent(targets[0].power), percent(question.wanted)
        yield f"each test is given a chance of {each}, so that all of them together keep {together}"


def table(columns: list[Column | Drawing], look: Look) -> list[Text]:
    """Columns laid out."""
    return list(lay(columns, look.width, look.plain("─")).lines)


def baseline(target: Target) -> str:
    """What control is expected to be."""
    return digits.value(target.baseline.mean, target.outcome.metric.unit)


def to_show(target: Target) -> str:
    """The size, and what is to be shown of it."""
    size = digits.declared(target.size, upward=target.change > 0)
    return f"{size} found" if target.aim is Aim.FIND else f"within {size}"


def said(look: Look, lead: str, parts: list[str], *, style: str = "", joint: str = " ·") -> list[Text]:
    """A lead and its parts, harmless."""
    harmless = [look.say(part) for part in parts]
    return listed(look.plain(lead), harmless, look.width, style=style, joint=look.plain(joint))


def percent(share: float) -> str:
    """A chance: `80%`, `93.3%`."""
    return digits.rate(share).replace(".0%", "%")
