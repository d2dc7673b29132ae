"""The JSON Schemas of what programs read: `report/1`, `gate/1` and `calendar/1`.

A schema says what must be there and lets everything else be: documents are only ever added to.
"""

from __future__ import annotations

from abstory.report.schema.calendar import calendar
from abstory.report.schema.gate import gate
from abstory.report.schema.report import report

SCHEMAS = {"report": report, "gate": gate, "calendar": calendar}
"""What makes the schema of each document, by the word before the slash of its `abstory` field."""

__all__ = ["SCHEMAS", "calendar", "gate", "report"]
