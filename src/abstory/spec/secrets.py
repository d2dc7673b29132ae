"""A file may hold what must not be repeated: the value of a field we do not know is never shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from abstory.spec.diagnostics import Diagnostic, Place
from abstory.spec.reader import Document, Leaf, Node, Path, Series, Table
from abstory.spec.translate import locate, spelt

_KEYS = re.compile(r"([^\s,{}\[\]\"':]+)[\"']?\s*:(?:\s|$)")

_TELLING = {"E113", "E114"}
"""The codes whose message repeats the value."""


def masked(found: Iterable[Diagnostic], document: Document, unknown: Iterable[Path]) -> Iterator[Diagnostic]:
    """The diagnostics, less those inside unknown fields and less every excerpt that would show such a value."""
    regions = tuple((spelt(path), *_region(document, path)) for path in unknown)
    for one in found:
        within = any(_within(one.path, name) for name, _, _ in regions)
        if within and one.code in _TELLING:
            continue
        hidden = any(_covers(region, one) for region in regions) or (within and one.code != "E201")
        yield replace(one, source="", found="" if within else one.found) if hidden else one


def unsure(found: Iterable[Diagnostic], known: frozenset[str]) -> Iterator[Diagnostic]:
    """The diagnostics of a file that could not be parsed: an excerpt only where all its fields are ours."""
    for one in found:
        ours = all(key in known for key in _KEYS.findall(one.source))
        yield one if ours and _KEYS.search(one.source) else replace(one, source="")


def _within(path: str, name: str) -> bool:
    return path == name or path.startswith((f"{name}.", f"{name}["))


Region = tuple[str, Place, int]
"""An unknown field, where it begins, and the last line that its value may reach."""


def _region(document: Document, path: Path) -> tuple[Place, int]:
    spot = locate(document.root, path)
    first = spot.key or Place(1, 1)
    return first, _last(spot.node, first.line)


def _covers(region: Region, one: Diagnostic) -> bool:
    """Whether the excerpt of `one` would show the value; its own says only the name, up to where the value begins."""
    name, first, last = region
    if one.code == "E201":
        return one.path != name and first < Place(one.line, one.column) and one.line <= last
    return first.line <= one.line <= last


def _last(node: Node | None, least: int) -> int:
    if isinstance(node, Leaf):
        return max(least, node.place.line + node.text.count("\n") + len(node.text) // 20)
    inner = node.items if isinstance(node, Series) else tuple(node.entries.values()) if isinstance(node, Table) else ()
    return max([least, *(_last(one, least) for one in inner)])
