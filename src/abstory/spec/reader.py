"""Bytes to a tree of nodes with positions: YAML 1.2, less everything an experiment file has no use for.

The parser's events are read one by one, so a limit stops the work before its cost is paid, and no loader
ever builds an object of the file's choosing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from abstory.spec.diagnostics import Place
from abstory.spec.scalars import Ambiguous, resolve
from abstory.spec.syntax import Stuck, explained
from abstory.spec.text import Refused, decode, unseen

DEEPEST = 20
MOST_NODES = 10_000
MOST_PROBLEMS = 100
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}(,[0-9]{3})+")


@dataclass(frozen=True, slots=True)
class Leaf:
    """A scalar: its value, the text it was written as, and whether it was written without quotes."""

    value: object
    text: str
    place: Place
    plain: bool = True


@dataclass(frozen=True, slots=True)
class Series:
    """A list."""

    items: tuple[Node, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping in written order; `keys` has the place of every key."""

    entries: dict[str, Node]
    keys: dict[str, Place]
    place: Place


Node = Leaf | Series | Table
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault of the text itself; `path` is where in the tree it lies, so that nothing else is said of it."""

    code: str
    place: Place
    message: str
    hint: str = ""
    found: str = ""
    path: Path | None = None
    width: int = 1


@dataclass(slots=True)
class Document:
    """What reading one file gave: its text, its tree (None where there is none to go on with), its problems."""

    text: str = ""
    root: Node | None = None
    problems: list[Problem] = field(default_factory=list)

    @property
    def broken(self) -> frozenset[Path]:
        """The paths of the tree whose values are not to be trusted."""
        return frozenset(problem.path for problem in self.problems if problem.path is not None)


class _Fatal(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def read(data: bytes) -> Document:
    """The node tree of one experiment file, or the reasons why there is none; never raises."""
    document = Document()
    try:
        document.text = decode(data)
        document.root = _Composer(document).compose()
    except Refused as refused:
        document.problems.append(
            Problem(refused.code, Place(refused.line, refused.column), refused.message, refused.hint)
        )
    except _Fatal as fatal:
        document.problems.append(fatal.problem)
    return document


def plain(node: Node) -> Any:
    """The tree as plain dicts, lists and scalars."""
    if isinstance(node, Leaf):
        return node.value
    if isinstance(node, Series):
        return [plain(item) for item in node.items]
    return {key: plain(value) for key, value in node.entries.items()}


def nothings(node: Node, path: Path = ()) -> Iterator[Path]:
    """Where the file writes null, or nothing at all, for a value."""
    if isinstance(node, Leaf):
        yield from (path,) if node.value is None else ()
        return
    inner = enumerate(node.items) if isinstance(node, Series) else node.entries.items()
    for step, one in inner:
        yield from nothings(one, (*path, step))


class _Composer:
    """Builds the tree of one document from the parser's events, collecting what can be passed over."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._events = _events(document.text)
        self._nodes = 0

    def compose(self) -> Node:
        next(self._events)  # the start of the stream
        event = next(self._events)
        if _kind(event) == "StreamEnd":
            raise _Fatal(Problem("E115", Place(1, 1), "the file is empty", "abstory new KEY writes one to start from"))
        if event.version or event.tags:
            self._directive()
        root = self._node(next(self._events), ())
        next(self._events)  # the end of the document
        if _kind(after := next(self._events)) != "StreamEnd":
            self._note("E107", after.start_mark, "a second document in one file", "one experiment a file")
        return root

    def _directive(self) -> None:
        # The event begins at the `---` after it.
        lines = self._document.text.split("\n")
        line = next((number for number, line in enumerate(lines, 1) if line.startswith("%")), 1)
        message = "directives (%YAML, %TAG) are not supported"
        self._document.problems.append(Problem("E110", Place(line, 1), message, "delete the line"))

    def _node(self, event: Any, path: Path) -> Node:
        self._allowed(event, path)
        kind = _kind(event)
        if kind == "Alias":
            return Leaf(None, f"*{event.anchor}", _place(event.start_mark))
        if kind == "SequenceStart":
            return self._series(event, path)
        return self._table(event, path) if kind == "MappingStart" else self._leaf(event, path)

    def _allowed(self, event: Any, path: Path) -> None:
        self._nodes += 1
        mark = event.start_mark
        if len(path) > DEEPEST:
            raise _Fatal(Problem("E106", _place(mark), f"nested more than {DEEPEST} levels deep"))
        if self._nodes > MOST_NODES:
            raise _Fatal(Problem("E102", _place(mark), f"more than {MOST_NODES} values in one file"))
        if getattr(event, "anchor", None):
            what = "an alias" if _kind(event) == "Alias" else "an anchor"
            self._note("E108", mark, f"{what}; anchors, aliases and merge keys are not supported", "write it out", path)
        if getattr(event, "ctag", None) is not None:
            self._note("E109", mark, "tags are not supported", "write the plain value", path)

    def _leaf(self, event: Any, path: Path) -> Leaf:
        place, text = _place(event.start_mark), event.value
        if hidden := unseen(text):
            message = f"the character {hidden}, which does not show, written as an escape"
            self._note("E104", event.start_mark, message, "delete it", path)
        try:
            return Leaf(resolve(text) if event.style is None else text, text, place, plain=event.style is None)
        except Ambiguous as doubt:
            self._note(doubt.code, event.start_mark, doubt.message, doubt.hint, path, doubt.found)
            return Leaf(text, text, place)

    def _series(self, event: Any, path: Path) -> Series:
        items: list[Node] = []
        while _kind(inner := next(self._events)) != "SequenceEnd":
            items.append(self._node(inner, (*path, len(items))))
        return Series(tuple(items), _place(event.start_mark))

    def _table(self, event: Any, path: Path) -> Table:
        table = Table({}, {}, _place(event.start_mark))
        while _kind(inner := next(self._events)) != "MappingEnd":
            if table.entries and (torn := self._torn(inner)):
                self._whole(torn, table, path)
            else:
                self._entry(inner, table, path)
        return table

    def _torn(self, event: Any) -> str:
        """What follows the comma of `2,5%`: in braces it ends the value, and `5%` is read as a name."""
        at = event.start_mark.index
        before = self._document.text[max(0, at - 2) : at]
        text = event.value if _kind(event) == "Scalar" and event.style is None else ""
        return text if before[:1].isdecimal() and before[1:] == "," and text[:1].isdecimal() else ""

    def _whole(self, torn: str, table: Table, path: Path) -> None:
        self._node(next(self._events), path)  # the nothing that the second half would stand for
        name, value = next(reversed(table.entries.items()))
        if isinstance(value, Leaf):
            found = f"{value.text},{torn}"
            meant = found.replace(",", "" if _THOUSANDS.fullmatch(found) else ".")
            problem = Problem("E114", value.place, "a comma ends a value in braces", f"did you mean {meant}?", found)
            self._document.problems.append(replace(problem, path=(*path, name), width=len(found)))

    def _entry(self, event: Any, table: Table, path: Path) -> None:
        key = self._key(event, path)
        at = (*path, key)
        twice = table.keys.get(key)
        if twice:
            found = f"first on line {twice.line}"
            self._note("E111", event.start_mark, f"{key!r} is given twice, {found}", "keep one of them", at, key)
        if key == "<<":
            self._note("E108", event.start_mark, "merge keys are not supported", "write the values out", at)
        node = self._node(next(self._events), at)
        if not twice:
            table.keys[key] = _place(event.start_mark)
            table.entries[key] = node

    def _key(self, event: Any, path: Path) -> str:
        if _kind(event) != "Scalar":
            raise _Fatal(Problem("E112", _place(event.start_mark), "a key must be a word, not a list or a mapping"))
        at = (*path, event.value)
        self._allowed(event, at)
        leaf = self._leaf(event, at)
        if not isinstance(leaf.value, str):
            self._note("E112", event.start_mark, "a key must be text", f'quote it: "{leaf.text[:40]}"', at, leaf.text)
        return str(leaf.text)

    def _note(
        self, code: str, mark: Any, message: str, hint: str = "", path: Path | None = None, found: str = ""
    ) -> None:
        problems = self._document.problems
        problems.append(Problem(code, _place(mark), message, hint, found, path, max(1, len(found))))
        if len(problems) >= MOST_PROBLEMS:
            raise _Fatal(Problem("E116", _place(mark), f"more than {MOST_PROBLEMS} faults; the rest is not read"))


def _events(text: str) -> Iterator[Any]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    except MarkedYAMLError as error:
        raise _Fatal(_syntax(error, text)) from None
    except (YAMLError, ValueError, AssertionError, IndexError, TypeError, AttributeError, KeyError):
        # The scanner gives up on some malformed texts with a bare Python error.
        raise _Fatal(Problem("E105", Place(1, 1), "this is not YAML")) from None


def _syntax(error: Any, text: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    place = _place(mark) if mark else Place(1, 1)
    begun = _place(error.context_mark) if error.context_mark else place
    reason = str(error.problem or "this is not YAML")
    place, message, hint = explained(Stuck(reason, error.context or "", place, begun, tuple(text.split("\n"))))
    return Problem("E105", place, message, hint)


def _kind(event: Any) -> str:
    return type(event).__name__.removesuffix("Event")


def _place(mark: Any) -> Place:
    return Place(mark.line + 1, mark.column + 1)
