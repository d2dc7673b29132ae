"""The calendar for a terminal: week by week, what each account posts when; then how even it is and what it can show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby, zip_longest

from rich.cells import cell_len, chop_cells
from rich.text import Text

from abstory import digits
from abstory.assignment.balance import Balance, Contrast
from abstory.assignment.calendar import Post
from abstory.experiment.calendar import DAYS
from abstory.report.calendar.drawn import Drawn
from abstory.report.look import Look
from abstory.report.prose import listed, paragraph
from abstory.report.tables import GAP, Column, lay

_BEFORE = len("Mon 2026-11-23") + GAP + len("12:30") + GAP
_ALONE = 2 * GAP + len("12:30")
_MOST_EXACT = 10**9
_CURE = "more weeks, times or accounts, larger blocks or fewer variants would leave more calendars"


def render(drawn: Drawn, look: Look) -> str:
    """As text without colour."""
    return "".join(f"{line.plain.rstrip()}\n" for line in lines(drawn, look))


def lines(drawn: Drawn, look: Look) -> list[Text]:
    """What is posted, every week of it, how even that is, what it can show, and what to type next."""
    blocks = (_head(drawn, look), *_weeks(drawn, look), _balance(drawn, look), _shown(drawn, look), _foot(drawn, look))
    return [line for at, block in enumerate(blocks) for line in ([Text()] if at else []) + block]


def _head(drawn: Drawn, look: Look) -> list[Text]:
    experiment, declared = drawn.experiment, drawn.declared
    sizes = {"post": len(drawn.posts), "variant": len(experiment.variants), "account": len(declared.accounts)}
    told = [experiment.key, *(_counted(number, word) for word, number in sizes.items())]
    when = f"{_counted(declared.weeks, 'week')} from {declared.start.isoformat()}, times in {declared.timezone}"
    return [
        *_listed(look, "", told),
        *(paragraph("", look.say(experiment.title), look.width) if experiment.title else []),
        *paragraph("", look.say(when), look.width),
    ]


def _weeks(drawn: Drawn, look: Look) -> Iterator[list[Text]]:
    """A table a week; where not all accounts find room side by side, as many as it takes."""
    accounts = drawn.declared.accounts
    widest = max(map(cell_len, (*accounts, *(variant.name for variant in drawn.experiment.variants))))
    across = max(1, (look.width - _BEFORE + GAP) // (widest + GAP))
    for week, posts in groupby(drawn.by_time, key=lambda post: _week(drawn, post)):
        own = tuple(posts)
        for start in range(0, len(accounts), across):
            some = accounts[start : start + across]
            title = [f"week {week}", *(some if len(some) == 1 < len(accounts) else ())]
            heads = some if len(some) > 1 else ("variant",)
            columns = [[post for post in own if post.slot.account == account] for account in some]
            yield [*_bold(_listed(look, "", title)), *_table(drawn, heads, columns, look)]


def _bold(title: list[Text]) -> list[Text]:
    return [Text(line.plain, "bold") for line in title]


def _week(drawn: Drawn, post: Post) -> int:
    return (date.fromisoformat(post.slot.local[:10]) - drawn.declared.start).days // 7 + 1


def _table(drawn: Drawn, heads: Sequence[str], posts: Sequence[Sequence[Post]], look: Look) -> tuple[Text, ...]:
    """Rows are moments and columns accounts; a day is named once, and a variant too long for its line goes on below."""
    days, times, told, before = list[str](), list[str](), list[list[str]](), ""
    for moment in zip(*posts, strict=True):
        day, _, time = moment[0].slot.local.partition("T")
        cells = [chop_cells(post.variant, look.width - _ALONE) for post in moment]
        for at, line in enumerate(zip_longest(*cells, fillvalue="")):
            days.append(_day(day) if day != before and not at else "")
            times.append("" if at else time)
            told.append(list(line))
        before = day
    control = drawn.experiment.control.name
    variants = [
        Column(head, tuple(column), styles=tuple("dim" if name == control else "" for name in column))
        for head, column in zip(heads, zip(*told, strict=True), strict=True)
    ]
    columns = [Column("day", tuple(days)), Column("time", tuple(times)), *variants]
    return lay(columns, look.width, look.plain("─")).lines


def _day(day: str) -> str:
    return f"{DAYS[date.fromisoformat(day).weekday()].capitalize()} {day}"


def _balance(drawn: Drawn, look: Look) -> list[Text]:
    told = drawn.balance
    lead, style = ("BALANCE ok   ", "bold green") if told.even else ("BALANCE uneven   ", "bold red")
    closest = [f"posts of an account at least {_lasts(told.closest_us)} apart"] if told.closest_us is not None else []
    return _listed(look, lead, [_often(told), *closest, _repeats(told)], style=style)


def _often(told: Balance) -> str:
    often = sorted({number for counts in told.counts.values() for number in counts.values()})
    if len(often) == 1:
        return f"each variant {_times(often[0])} in {_every(len(told.counts))}"
    within = ", alike within each" if told.even else ""
    return f"each variant {often[0]} to {often[-1]} times in {_every(len(told.counts))}{within}"


def _every(blocks: int) -> str:
    return f"each of {blocks} blocks" if blocks > 1 else "the one block"


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _repeats(told: Balance) -> str:
    if told.again is None:
        return "no account posts a variant again"
    if told.repeats:
        return f"{_counted(told.repeats, 'repeat')} (one variant twice in a row)"
    return f"any {told.again} neighbouring posts of an account differ"


def _lasts(us: int | None) -> str:
    minutes = (us or 0) // 60_000_000
    hours, rest = divmod(minutes, 60)
    return " ".join(part for part in (f"{hours} h" if hours else "", f"{rest} min" if rest else "") if part)


def _shown(drawn: Drawn, look: Look) -> list[Text]:
    """Each treatment, and in plain words those of which nothing can be shown."""
    contrasts = drawn.balance.contrasts
    columns = [
        Column(f"vs {look.say(drawn.experiment.control.name)}", tuple(look.say(one.variant) for one in contrasts)),
        Column("calendars", tuple(_many(one.draws) for one in contrasts), right=True, drop=2, name="calendars"),
        Column("smallest p", tuple(digits.p_value(one.smallest_p, one.alpha) for one in contrasts), right=True),
        Column(
            "needed", tuple(f"<{digits.fraction(one.alpha)}" for one in contrasts), right=True, drop=1, name="needed"
        ),
        Column("a difference", tuple(map(_reads, contrasts)), styles=tuple(map(_style, contrasts))),
    ]
    table = lay(columns, look.width, look.plain("─"))
    hidden = paragraph("hidden: ", ", ".join(table.dropped), look.width, style="dim") if table.dropped else []
    return [*table.lines, *hidden, *_never(drawn, look)]


def _never(drawn: Drawn, look: Look) -> list[Text]:
    contrasts = drawn.balance.contrasts
    lost = [one for one in contrasts if not one.decidable]
    if not lost:
        return []
    names = ", ".join(look.say(one.variant) for one in lost) if len(lost) < len(contrasts) else "any treatment"
    least = digits.p_value(min(one.smallest_p for one in lost), lost[0].alpha)
    cure = f"{_CURE}, and so would no_repeat: 1" if drawn.declared.no_repeat > 1 else _CURE
    text = f"whatever comes out, p cannot lie below {least}, so nothing can be shown of {names}; {cure}"
    return paragraph("NEVER ", text, look.width, style="bold red")


def _reads(one: Contrast) -> str:
    return "can be shown" if one.decidable else "can never be shown"


def _style(one: Contrast) -> str:
    return "" if one.decidable else "red"


def _foot(drawn: Drawn, look: Look) -> list[Text]:
    key, own = look.say(drawn.experiment.key), drawn.declared
    many = "the only calendar there is" if drawn.balance.possible == 1 else f"one of {_many(drawn.balance.possible)}"
    how = f"{many} calendars, drawn by key and seed {own.seed}: the same for ever"
    files = [f"abstory calendar {key} -o posts.csv to fill in", "-o posts.ics for a calendar program"]
    return [*paragraph("how: ", how, look.width, style="dim"), *_listed(look, "next: ", files, style="dim")]


def _many(number: int) -> str:
    """A count that may have hundreds of digits."""
    return digits.count(number) if number < _MOST_EXACT else f"over 10^{len(str(number)) - 1}"


def _counted(number: int, word: str) -> str:
    return f"{digits.count(number)} {word}{'' if number == 1 else 's'}"


def _listed(look: Look, lead: str, parts: Sequence[str], *, style: str = "") -> list[Text]:
    return listed(look.plain(lead), [look.say(part) for part in parts], look.width, style=style, joint=look.plain(" ·"))
