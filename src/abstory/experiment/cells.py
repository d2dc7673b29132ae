"""From factors to variants: the combinations a file declares, or all of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard

from abstory.experiment.sections import MOST_VARIANTS, Variant


def resolve_cells(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The file's mapping with `variants` as a list: the declared cells, or the full factorial of the factors."""
    variants, factors = data.get("variants"), data.get("factors")
    if isinstance(variants, dict):
        written = [_variant(name, cell) for name, cell in variants.items()]
        return {**data, "variants": written, "factors": _seen(written) if factors is None else factors}
    if not variants and well_formed(factors):
        return {**data, "variants": list(_full_factorial(factors))}
    return data


def well_formed(factors: object) -> TypeGuard[Mapping[str, list[str]]]:
    """Whether levels are lists of texts, so that their cells can be named."""
    return (
        isinstance(factors, Mapping)
        and bool(factors)
        and all(
            isinstance(levels, list | tuple) and levels and all(isinstance(level, str) for level in levels)
            for levels in factors.values()
        )
    )


BESIDE = ("weight", "frames")
"""What a variant may say beside the levels of its factors."""


def _variant(name: str, cell: Any) -> object:
    if not isinstance(cell, dict):
        return cell
    own = {field: cell[field] for field in BESIDE if field in cell}
    return {"name": name, "creative": {k: v for k, v in cell.items() if k not in BESIDE}, **own}


def _seen(variants: list[Any]) -> dict[str, list[object]]:
    found: dict[str, list[object]] = {}
    for variant in variants:
        for name, level in variant.get("creative", {}).items() if isinstance(variant, dict) else ():
            levels = found.setdefault(name, [])
            if level not in levels:
                levels.append(level)
    return found


def _full_factorial(factors: Mapping[str, list[str]]) -> Iterator[object]:
    # One cell more than allowed is enough for the rule that counts them.
    for levels in itertools.islice(itertools.product(*factors.values()), MOST_VARIANTS + 1):
        yield {"name": ".".join(levels)[:128], "creative": dict(zip(factors, levels, strict=True))}


def built_name(variant: Variant, factors: Mapping[str, tuple[str, ...]]) -> str:
    """The name that the full factorial gives to a variant's cell."""
    return ".".join(variant.creative.get(name, "") for name in factors)[:128]


def cells(factors: Mapping[str, tuple[str, ...]]) -> int:
    """How many cells the full factorial has, at most one more than allowed."""
    count = 1
    for levels in factors.values():
        count *= len(levels)
    return min(count, MOST_VARIANTS + 1)
