"""The same decision as the text of an SQL expression in DuckDB's dialect; nothing here runs it."""

from __future__ import annotations

import re

from abstory.assignment.assign import WHOLE, by_name, cumulative, refuse_unbuilt, traffic_salt, variant_salt
from abstory.errors import UsageError
from abstory.experiment import Experiment

# Salts and names are written into the text: what they may hold cannot end a literal.
_PLAIN = re.compile(r"[A-Za-z0-9._/-]+")


def bucket_sql(salt: str, column: str) -> str:
    """`h(salt, column)` as BIGINT; NULL where the column is NULL.

    Args:
        salt: letters, digits, `.`, `_`, `-` and `/`.
        column: an expression of type VARCHAR, trusted as SQL.

    Raises:
        UsageError: the salt holds anything else.
    """
    return f"('0x' || left(sha256({_literal(salt, ':')} || {column}), 13))::BIGINT"


def draw_sql(experiment: Experiment, column: str) -> str:
    """The draw in [0, total weight) of an eligible viewer, or NULL outside the traffic share; NULL for a NULL id.

    Eligibility and the rules for ids (1 to 256 bytes) are the caller's to apply.

    Raises:
        NotYet, UsageError: as `refuse_unbuilt`.
    """
    refuse_unbuilt(experiment)
    draw = f"{bucket_sql(variant_salt(experiment.key), column)} % {cumulative(by_name(experiment.variants))[-1]}"
    if experiment.traffic.share >= WHOLE:
        return draw
    bucket = bucket_sql(traffic_salt(experiment.key), column)
    return f"CASE WHEN {bucket} % {WHOLE} < {experiment.traffic.share} THEN {draw} END"


def name_sql(experiment: Experiment, draw: str, *, kind: str = "") -> str:
    """The variant's name for a draw, as text or of the SQL type `kind`; NULL for a NULL draw."""
    variants = by_name(experiment.variants)
    edges = zip(variants, cumulative(variants), strict=True)
    cast = f"::{kind}" if kind else ""
    whens = (f"WHEN {draw} < {edge} THEN {_literal(variant.name)}{cast}" for variant, edge in edges)
    return f"CASE {' '.join(whens)} END"


def variant_sql(experiment: Experiment, column: str) -> str:
    """Both in one expression, for pasting. Over a large table make the draw a column first: it is hashed only once."""
    return name_sql(experiment, f"({draw_sql(experiment, column)})")


def _literal(text: str, after: str = "") -> str:
    if not _PLAIN.fullmatch(text):
        raise UsageError("a salt or a variant's name holds characters that are not allowed in SQL")
    return f"'{text}{after}'"
