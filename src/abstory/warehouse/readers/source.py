"""What a file is before anyone reads it as data: local, regular, of a known kind; one pass gives its fingerprint."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from abstory.errors import InputRefused
from abstory.warehouse.base import Progress

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CSV, JSONL, PARQUET = "csv", "jsonl", "parquet"
_FORMATS = {".csv": CSV, ".jsonl": JSONL, ".ndjson": JSONL, ".parquet": PARQUET, ".pq": PARQUET}
_CHUNK = 1 << 17  # larger ones are mapped anew by every read, which costs more than the reading
_HEAD = 4096
_FEED, _SPACE = 10, 32
_EDGES = (44, 10, 13)
BOM = b"\xef\xbb\xbf"
_DISGUISES = (
    (b"\x1f\x8b", "gzip bytes", "unpack it first"),
    (b"\x28\xb5\x2f\xfd", "zstd bytes", "unpack it first"),
    (b"PK\x03\x04", "a zip archive or a spreadsheet", "export it as CSV"),
    (b"PAR1", "Parquet under a text name", "rename it to .parquet"),
    (b"\xff\xfe", "UTF-16", "save it as UTF-8"),
    (b"\xfe\xff", "UTF-16", "save it as UTF-8"),
)


@dataclass(frozen=True, slots=True)
class Source:
    """A file that may be read.

    Attributes:
        path: where it lies.
        format: `csv`, `jsonl` or `parquet`.
        sha256: of its bytes.
        size: bytes.
        changed: time of last change, to notice a writer.
        lines: line ends, and one more for an unfinished last line.
        plain: every record is one line: no quote, no blank line, one kind of line end.
        ordinary: no control character but line ends, and no space at the edge of a field.
        ascii: no character beyond ASCII.
    """

    path: Path
    format: str
    sha256: str
    size: int
    changed: int
    lines: int = 0
    plain: bool = False
    ordinary: bool = False
    ascii: bool = False


def survey(path: Path, progress: Progress | None = None) -> Source:
    """Read `path` once for its fingerprint and its shape.

    Raises:
        InputRefused: it is no local regular file of a known kind, or is empty, or is something else in disguise.
    """
    form = _format(path)
    status = _status(path)
    if not status.st_size:
        raise InputRefused(f"{path}: the file is empty", hint="export it again")
    _check_head(path, form)
    shape = _Shape() if form == CSV else None
    digest = _pass(path, status.st_size, shape, progress)
    known = Source(path, form, digest, status.st_size, status.st_mtime_ns)
    if shape is None:
        return known
    return replace(known, lines=shape.lines, plain=shape.plain, ordinary=shape.ordinary, ascii=shape.ascii)


def check_unchanged(source: Source) -> None:
    """Refuse a file that somebody wrote to while it was read."""
    status = _status(source.path)
    if (status.st_size, status.st_mtime_ns) != (source.size, source.changed):
        raise InputRefused(f"{source.path}: the file changed while it was read", hint="ingest it once it is complete")


def _format(path: Path) -> str:
    if "://" in str(path):
        raise InputRefused(f"{path}: only local files are read", hint="download it first")
    form = _FORMATS.get(path.suffix.lower())
    if form is None:
        hint = "write one JSON object a line into a .jsonl" if path.suffix.lower() == ".json" else ""
        raise InputRefused(f"{path}: the name must end in .csv, .jsonl, .ndjson or .parquet", hint=hint)
    return form


def _status(path: Path) -> _Status:
    try:
        status = path.stat()
    except OSError as error:
        raise InputRefused(f"{path}: {(error.strerror or 'cannot be read').lower()}") from None
    if not stat.S_ISREG(status.st_mode):
        raise InputRefused(f"{path}: not a regular file")
    return _Status(status.st_size, status.st_mtime_ns)


@dataclass(frozen=True, slots=True)
class _Status:
    st_size: int
    st_mtime_ns: int


def _check_head(path: Path, form: str) -> None:
    head = _head(path)
    if form == PARQUET:
        if not head.startswith(b"PAR1"):
            raise InputRefused(f"{path}: not a Parquet file", hint="its name should say what it is")
        return
    for magic, what, hint in _DISGUISES:
        if head.startswith(magic):
            raise InputRefused(f"{path}: {what}, not {form.upper()}", hint=hint)
    if head.count(0) * 4 > len(head):
        raise InputRefused(f"{path}: UTF-16 or binary, not {form.upper()}", hint="save it as UTF-8")
    _check_text(path, form, head.removeprefix(BOM).lstrip().lower())


def _check_text(path: Path, form: str, start: bytes) -> None:
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        raise InputRefused(f"{path}: a web page, not {form.upper()}", hint="a login or error page was saved?")
    if form == CSV and start.startswith((b"{", b"[{")):
        raise InputRefused(f"{path}: JSON under a .csv name", hint="rename it to .jsonl, one object a line")


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_HEAD)
    except OSError as error:
        raise InputRefused(f"{path}: {(error.strerror or 'cannot be read').lower()}") from None


def _pass(path: Path, size: int, shape: _Shape | None, progress: Progress | None) -> str:
    digest = hashlib.sha256()
    done = 0
    for chunk in chunks(path):
        digest.update(chunk)
        if shape:
            shape.see(chunk)
        done += len(chunk)
        if progress:
            progress(done, size)
    return digest.hexdigest()


class _Shape:
    """Counts line ends, and notices what is more than one record a line and what is no ordinary text."""

    def __init__(self) -> None:
        self._feeds = self._returns = self._pairs = 0
        self._odd = self._unusual = self._open = False
        self.ascii = True

    def see(self, chunk: bytes) -> None:
        """Take the next whole lines."""
        import numpy as np

        data = np.frombuffer(chunk, dtype=np.uint8)
        ends = data == _FEED
        feeds, below = int(np.count_nonzero(ends)), int(np.count_nonzero(data < _SPACE))
        returns = chunk.count(b"\r") if b"\r" in chunk else 0
        self._feeds += feeds
        self._returns += returns
        self._pairs += chunk.count(b"\r\n") if returns else 0
        blank = chunk.startswith((b"\n", b"\r\n")) or bool((ends[1:] & ends[:-1]).any())
        self._odd |= self._open or b'"' in chunk or blank or bool(returns and b"\n\r\n" in chunk)
        self._unusual |= feeds + returns < below or b"\x7f" in chunk or (b" " in chunk and _at_an_edge(data))
        self.ascii = self.ascii and chunk.isascii()
        self._open = not chunk.endswith(b"\n")

    @property
    def lines(self) -> int:
        return self._feeds + self._open

    @property
    def plain(self) -> bool:
        return not self._odd and self._returns == self._pairs and self._pairs in (0, self._feeds)

    @property
    def ordinary(self) -> bool:
        return self.plain and not self._unusual


def _at_an_edge(data: NDArray[np.uint8]) -> bool:
    """Whether some space follows or precedes a comma or a line end, or the edge of the chunk, which is one."""
    import numpy as np

    spaces = np.flatnonzero(data == _SPACE)
    if spaces[0] == 0 or spaces[-1] == len(data) - 1:
        return True
    edge = np.zeros(256, dtype=np.bool_)
    edge[list(_EDGES)] = True
    return bool(edge[data[spaces - 1]].any() or edge[data[spaces + 1]].any())


def chunks(path: Path) -> Iterator[bytes]:
    """Whole lines, as long as lines are not longer than a chunk."""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk + file.readline(_CHUNK)
