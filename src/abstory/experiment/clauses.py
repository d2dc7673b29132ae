"""Ordered if/then rules of a file: a closed little language, read word by word and never run.

A condition is clauses joined by `and`. A clause is a subject with a word (`primary better`, `guardrails hold`,
`save_rate not_worse`), a quantity with a limit (`lift >= 2%`, `viewers >= 20000`), or `always`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from abstory.experiment.quantities import SIZE_PATTERN, Size, wrong

PRIMARY_WORDS = ("better", "worse", "not_worse", "equivalent", "too_small", "unclear")
WORDS: Mapping[str, tuple[str, ...]] = {
    "primary": PRIMARY_WORDS,
    "secondary": ("better", "worse"),
    "guardrails": ("hold", "harmed"),
}
METRIC_WORDS = (*PRIMARY_WORDS, "holds", "harmed")
SIZES = ("lift", "bound", "half_width", "immature")
NAMED = ("clear_win", "do_no_harm")
COUNTS = ("viewers", "days")
ALWAYS = "always"
MOST_RULES, LONGEST = 20, 300
EXAMPLE = "such as {if: primary better and guardrails hold, then: ship}"
_LIMIT = re.compile(r"([a-z_]+)\s*(>=|<=|>|<)\s*(\S+)")
_WORDS = re.compile(r"([a-z0-9][a-z0-9_-]*)\s+(?:(?:is|are)\s+)?([a-z_]+)")
_HARM = {"worse", "harmed"}


@dataclass(frozen=True, slots=True)
class Clause:
    """One condition.

    Attributes:
        subject: `primary`, `secondary`, `guardrails`, a metric's name, a quantity, or `always`.
        word: what the subject must read as; empty for a quantity.
        sign: `>=`, `<=`, `>` or `<`; empty for a word.
        limit: the quantity's: a size as the file writes it, or a count; None for a word.
    """

    subject: str
    word: str = ""
    sign: str = ""
    limit: Size | int | None = None

    @property
    def of_metric(self) -> bool:
        """Whether the subject is a metric's own name."""
        return bool(self.word) and self.subject not in WORDS

    @property
    def harm(self) -> bool:
        """Whether it speaks of shown harm, which waits for no minimum."""
        return self.word in _HARM


class Rule(BaseModel):
    """One line of an ordered rule: the first whose condition holds decides."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    condition: str = Field(alias="if", description="Clauses joined by and.")
    then: Literal["ship", "keep", "review"]

    @property
    def clauses(self) -> tuple[Clause, ...]:
        return clauses(self.condition)


def read_rule(value: Any) -> Any:
    """The forms of `rule` in a file: a name, or the ordered rules as their type.

    Raises:
        PydanticCustomError: of anything else, or of a condition that does not read.
    """
    if isinstance(value, str) and value in NAMED:
        return value
    if isinstance(value, str) and (meant := _near(value, NAMED)):
        raise wrong("E204", f"one of {' or '.join(NAMED)}, or ordered rules, is due here", meant.removeprefix(", "))
    if not isinstance(value, list | tuple) or not 0 < len(value) <= MOST_RULES:
        raise wrong("E204", f"a rule is clear_win, do_no_harm, or 1 to {MOST_RULES} of {{if, then}}", EXAMPLE)
    return tuple(_one(number, line) for number, line in enumerate(value, 1))


def _one(number: int, line: Any) -> Rule:
    if isinstance(line, Rule):
        return line
    told = (
        {"if" if name == "condition" else name: text for name, text in line.items()} if isinstance(line, dict) else {}
    )
    if set(told) != {"if", "then"}:
        raise wrong("E204", f"rule {number} has not just if and then", EXAMPLE)
    if told["then"] not in ("ship", "keep", "review"):
        raise wrong("E204", f"rule {number}: then is ship, keep or review", EXAMPLE)
    if not isinstance(told["if"], str) or len(told["if"]) > LONGEST:
        raise wrong("E204", f"rule {number}: if is a short text", EXAMPLE)
    try:
        clauses(told["if"])
    except ValueError as error:
        raise wrong("E204", f"rule {number}: {error}", EXAMPLE) from None
    return Rule.model_validate({"if": " ".join(told["if"].split()), "then": told["then"]})


@lru_cache(maxsize=512)
def clauses(text: str) -> tuple[Clause, ...]:
    """The clauses of a condition. Raises ValueError, which says what does not read."""
    return tuple(_clause(" ".join(part.split())) for part in re.split(r"\band\b", text))


def _clause(text: str) -> Clause:
    if text == ALWAYS:
        return Clause(ALWAYS)
    if found := _LIMIT.fullmatch(text):
        return _limited(*found.groups())
    if found := _WORDS.fullmatch(text):
        subject, word = found.groups()
        allowed = WORDS.get(subject, METRIC_WORDS)
        if word not in allowed:
            raise ValueError(f"{subject} cannot be {word}{_near(word, allowed)}: {', '.join(allowed)}")
        return Clause(subject, word)
    raise ValueError(f"{text[:60]!r} is no condition")


def _limited(subject: str, sign: str, limit: str) -> Clause:
    if subject in SIZES:
        return Clause(subject, "", sign, Size.parse(limit))
    if subject not in COUNTS:
        raise ValueError(f"{subject} is no quantity{_near(subject, (*SIZES, *COUNTS))}: {', '.join((*SIZES, *COUNTS))}")
    if not re.fullmatch(r"[0-9]{1,9}", limit):
        raise ValueError(f"{subject} are a whole number, not {limit[:20]}")
    return Clause(subject, "", sign, int(limit))


def _near(word: str, words: tuple[str, ...]) -> str:
    found = get_close_matches(word[:40], words, n=1)
    return f", did you mean {found[0]}?" if found else ""


def _pattern() -> str:
    """Of a whole condition, for editors: the same words, metrics by the form of their names."""
    limits = rf"(?:{'|'.join(SIZES)})\s*[<>]=?\s*{SIZE_PATTERN}|(?:{'|'.join(COUNTS)})\s*[<>]=?\s*[0-9]{{1,9}}"
    several = "|".join(sorted({word for words in (*WORDS.values(), METRIC_WORDS) for word in words}))
    words = rf"[a-z0-9][a-z0-9_-]*\s+(?:(?:is|are)\s+)?(?:{several})"
    clause = rf"(?:{ALWAYS}|{limits}|{words})"
    return rf"^\s*{clause}(?:\s+and\s+{clause})*\s*$"


RULE_SCHEMA = {
    "anyOf": [
        {"enum": list(NAMED)},
        {
            "type": "array",
            "minItems": 1,
            "maxItems": MOST_RULES,
            "items": {
                "type": "object",
                "required": ["if", "then"],
                "additionalProperties": False,
                "properties": {
                    "if": {
                        "type": "string",
                        "maxLength": LONGEST,
                        "pattern": _pattern(),
                        "description": "Clauses joined by and.",
                    },
                    "then": {"enum": ["ship", "keep", "review"]},
                },
            },
        },
    ]
}
"""What an editor is told of `rule`."""
