"""Whole files of viewers: the plan that the warehouse's engine runs over them."""

from __future__ import annotations

from abstory.assignment.eligibility import Condition, conditions
from abstory.assignment.sql import draw_sql, name_sql
from abstory.experiment import Experiment
from abstory.warehouse.bulk import VARIANT, Plan


def plan(experiment: Experiment, id_column: str = "viewer_id", *, keep: bool = False) -> Plan:
    """What to compute of each row of a file; attributes are columns by the names the audience gives them.

    Args:
        experiment: as the file declares it.
        id_column: the column of ids.
        keep: whether the attributes are told with whoever is assigned.

    Raises:
        NotYet, UsageError: as `refuse_unbuilt`.
    """
    asked = conditions(experiment.audience)
    return Plan(
        id_column=id_column,
        attributes=tuple(condition.attribute for condition in asked),
        eligible=" AND ".join(_passes(index, condition) for index, condition in enumerate(asked)) or "true",
        draw=draw_sql(experiment, "viewer_id"),
        names=tuple(variant.name for variant in experiment.variants),
        name=name_sql(experiment, "draw", kind=VARIANT),
        kept=keep,
        variables={f"values_{index}": sorted(condition.values) for index, condition in enumerate(asked)},
    )


def _passes(index: int, condition: Condition) -> str:
    among = f"list_contains(getvariable('values_{index}'), a{index})"
    return f"coalesce(a{index} <> '' AND {among if condition.wanted else f'NOT {among}'}, false)"
