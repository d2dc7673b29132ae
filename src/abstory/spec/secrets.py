"""A file may hold what must not be repeated: the value of a field we do not know is never shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from abstory.spec.diagnostics import Diagnostic
from abstory.spec.reader import Document, Leaf, Node, Path, Series, Table
from abstory.spec.translate import locate, spelt

_KEYS = re.compile(r"([^\s,{}\[\]\"':]+)[\"']?\s*:(?:\s|$)")

_TELLING = {"E113", "E114"}
"""The codes whose message repeats the value."""


def masked(found: Iterable[Diagnostic], document: Document, unknown: Iterable[Path]) -> Iterator[Diagnostic]:
    """The diagnostics, less those inside unknown fields and less every excerpt that would show such a value."""
    paths = tuple(unknown)
    names = {spelt(path) for path in paths}
    lines = {line for path in paths for line in _lines(document, path)}
    for one in found:
        if not _inside(one, names):
            yield replace(one, source="", found="" if one.path in names else one.found) if one.line in lines else one


def unsure(found: Iterable[Diagnostic], known: frozenset[str]) -> Iterator[Diagnostic]:
    """The diagnostics of a file that could not be parsed: an excerpt only where all its fields are ours."""
    for one in found:
        ours = all(key in known for key in _KEYS.findall(one.source))
        yield one if ours and _KEYS.search(one.source) else replace(one, source="")


def _inside(one: Diagnostic, names: set[str]) -> bool:
    within = any(one.path == name or one.path.startswith((f"{name}.", f"{name}[")) for name in names)
    return within and one.code in _TELLING


def _lines(document: Document, path: Path) -> set[int]:
    spot = locate(document.root, path)
    first = spot.key.line if spot.key else 1
    return set(range(first, _last(spot.node, first) + 1))


def _last(node: Node | None, least: int) -> int:
    if isinstance(node, Leaf):
        return max(least, node.place.line + node.text.count("\n") + len(node.text) // 20)
    inner = node.items if isinstance(node, Series) else tuple(node.entries.values()) if isinstance(node, Table) else ()
    return max([least, *(_last(one, least) for one in inner)])
