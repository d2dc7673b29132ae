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


def variant_sql(experiment: Experiment, column: str) -> str:
    """The variant's name for an eligible viewer, or NULL outside the traffic share; NULL for a NULL id.

    Eligibility and the rules for ids (1 to 256 bytes) are the caller's to apply.

    Raises:
        NotYet, UsageError: as `refuse_unbuilt`.
    """
    refuse_unbuilt(experiment)
    variants = by_name(experiment.variants)
    edges = cumulative(variants)
    draw = f"{bucket_sql(variant_salt(experiment.key), column)} % {edges[-1]}"
    chain = " ".join(
        f"WHEN {draw} < {edge} THEN {_literal(variant.name)}" for variant, edge in zip(variants, edges, strict=True)
    )
    return f"CASE {_outside(experiment, column)}{chain} END"


def _outside(experiment: Experiment, column: str) -> str:
    if experiment.traffic.share >= WHOLE:
        return ""
    bucket = bucket_sql(traffic_salt(experiment.key), column)
    return f"WHEN {bucket} % {WHOLE} >= {experiment.traffic.share} THEN NULL "


def _literal(text: str, after: str = "") -> str:
    if not _PLAIN.fullmatch(text):
        raise UsageError("a salt or a variant's name holds characters that are not allowed in SQL")
    return f"'{text}{after}'"
