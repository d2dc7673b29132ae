"""Ordered if/then rules: the first whose condition holds decides. Each clause is one question of a fixed list.

Nothing but harm is acted on before `min_runtime` and `min_per_variant`. Data that cannot be trusted are never put to a
rule, and where no rule holds the experiment goes on until its end, where `otherwise` speaks.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping

from abstory.decision.standing import Case, Line, Standing
from abstory.experiment import DAY_US, Size
from abstory.experiment.clauses import ALWAYS, Clause, Rule
from abstory.results import Reads, Ruling, Verdict

_SIGNS: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_RULINGS = {"ship": Ruling.SHIP, "keep": Ruling.KEEP, "review": Ruling.REVIEW}
_LINE: Mapping[str, Callable[[Line], bool]] = {
    "better": lambda line: line.reads is Reads.BETTER,
    "worse": lambda line: line.reads is Reads.WORSE,
    "not_worse": lambda line: line.not_worse,
    "equivalent": lambda line: line.equivalent or line.within,
    "too_small": lambda line: line.too_small,
    "unclear": lambda line: line.reads is Reads.UNCLEAR,
    "holds": lambda line: line.reads is Reads.HOLDS,
    "harmed": lambda line: line.reads is Reads.HARMED,
}
_ANY = {"better", "worse"}


def ordered(case: Case, standing: Standing, rules: tuple[Rule, ...]) -> Verdict | None:
    """What the first rule says whose condition holds; None where none does."""
    ready = case.ready(standing.variant)
    for number, rule in enumerate(rules, 1):
        if (ready or any(clause.harm for clause in rule.clauses)) and all(
            holds(clause, case, standing) for clause in rule.clauses
        ):
            return _verdict(case, standing, number, rule)
    return None


def holds(clause: Clause, case: Case, standing: Standing) -> bool:
    """Whether one clause is true of a treatment; what is not known makes it false."""
    if clause.subject == ALWAYS:
        return True
    if clause.word:
        return _reads(clause, standing)
    value = _quantity(clause, case, standing)
    limit = clause.limit.value if isinstance(clause.limit, Size) else clause.limit
    return value is not None and limit is not None and _SIGNS[clause.sign](value, limit)


def _reads(clause: Clause, standing: Standing) -> bool:
    if clause.subject == "guardrails":
        lines = standing.guardrails
        if clause.word == "hold":
            return not standing.unsafe
        return any(line.reads is Reads.HARMED for line in lines)
    if clause.subject == "primary":
        return _of_several(clause.word, standing.deciding)
    if clause.subject == "secondary":
        return _of_several(clause.word, standing.secondaries)
    every = (*standing.primaries, *standing.secondaries, *standing.guardrails)
    return any(_LINE[clause.word](line) for line in every if line.name == clause.subject)


def _of_several(word: str, lines: tuple[Line, ...]) -> bool:
    """One is enough to be better or worse; every one must be whatever else."""
    found = [_LINE[word](line) for line in lines]
    return any(found) if word in _ANY else bool(found) and all(found)


def _quantity(clause: Clause, case: Case, standing: Standing) -> float | None:
    if clause.subject == "viewers":
        return case.viewers(standing.variant)
    if clause.subject == "days":
        return case.runtime_us / DAY_US
    if clause.subject == "immature":
        waiting = sum(arm.immature for arm in case.result.arms)
        return waiting / max(1, waiting + case.result.viewers)
    line = next(iter(standing.primaries), None)
    found = line.sized(relative=clause.limit.relative) if line and isinstance(clause.limit, Size) else None
    if found is None:
        return None
    ends = found.interval
    return {"lift": found.value, "bound": ends.low, "half_width": (ends.high - ends.low) / 2}[clause.subject]


def _verdict(case: Case, standing: Standing, number: int, rule: Rule) -> Verdict:
    ruling = _RULINGS[rule.then]
    variant = case.result.control if ruling is Ruling.KEEP else standing.variant
    return Verdict(ruling, variant, (f"rule {number}: {rule.condition}", *map(str, standing.primaries)))
