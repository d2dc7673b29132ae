"""A report as one page of HTML: no script, no outside request, right in light, dark, print and on a phone."""

from __future__ import annotations

from abstory.report.html.layout import fragment, render

__all__ = ["fragment", "render"]
