"""How the numbers were made, the file they were made by, and the same report for programs."""

from __future__ import annotations

import base64
import gzip
import json

from abstory.report import banner
from abstory.report.harmless import harmless
from abstory.report.html.parts import Folded, Part, Prose, Section
from abstory.report.html.sheet import Embedded, Sheet
from abstory.report.json import FORMAT, document


def method(sheet: Sheet) -> list[Section]:
    """The chain of the method, the experiment file as run and the `report/1` document."""
    page = sheet.page
    say = sheet.draft.look.say
    parts: list[Part] = [Prose(say(f"{', '.join(chain)}.")) for chain in [banner.how(sheet.draft)] if chain]
    parts += [Prose(say(note)) for note in banner.notes(page)]
    parts.append(Prose(f"File {page.result.fingerprint[:12]}, data {page.result.data_hash[:12] or 'none'}."))
    if page.source:
        parts.append(Folded("The experiment file as run", harmless(page.source)))
    return [Section("method", "Method", [*parts, _document(sheet)])]


def _document(sheet: Sheet) -> Part:
    how = sheet.detail.document
    if how is Embedded.ABSENT:
        key = sheet.page.result.key
        return Prose(f"Too long to hold the {FORMAT} document: abstory report {key} --json prints it.")
    # All of it ASCII: what a reader cannot see, or what turns a line round, is an escape.
    told = json.dumps(document(sheet.page), allow_nan=False, separators=(",", ":"))
    return Folded(f"This report for programs ({FORMAT}, {how.value})", told if how is Embedded.PLAIN else _packed(told))


def _packed(text: str) -> str:
    # Without a time of its own, so that the same report is the same file.
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()
