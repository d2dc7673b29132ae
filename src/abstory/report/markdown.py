"""A report as Markdown, for a pull request: the verdict, the data, and a table of every metric and variant."""

from __future__ import annotations

from abstory.experiment import Role
from abstory.report import cells
from abstory.report.draft import Draft
from abstory.report.harmless import in_markdown
from abstory.report.look import Look
from abstory.report.page import Page
from abstory.results import Comparison, MetricResult

_HEAD = ("metric", "variant", "value", "change", "interval", "p", "reads as")


def render(page: Page, look: Look) -> str:
    """The page as Markdown; nothing in it is taken for markup but our own."""
    draft, verdict = Draft(page, look), page.verdict
    which = f" {verdict.variant}" if verdict.variant else ""
    checks = " · ".join(page.said)
    blocks = [
        f"## {_plain(draft, page.result.key)}",
        f"**{_plain(draft, verdict.ruling.value + which)}** {_plain(draft, '; '.join(verdict.reasons))}",
        _plain(draft, f"Data: {checks}"),
        "\n".join(_table(draft)) if page.result.trusted and page.result.metrics else "",
        "\n".join(f"- {_plain(draft, f'{mark} {text}')}" for mark, text in draft.notes),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _table(draft: Draft) -> list[str]:
    page = draft.page
    shown = [m for m in page.result.metrics if not page.only or m.outcome.metric.name in page.only]
    body = [_row(draft, metric, comparison) for metric in shown for comparison in metric.comparisons]
    return [_bar(_HEAD), _bar(("---",) * len(_HEAD)), *body]


def _row(draft: Draft, metric: MetricResult, comparison: Comparison) -> str:
    lift, unit = cells.on_lift(metric), metric.outcome.metric.unit
    told = cells.estimate(comparison, lift=lift)
    role = "" if metric.outcome.role is Role.PRIMARY else f" ({metric.outcome.role.value})"
    texts = (
        f"{metric.outcome.metric.name}{role}",
        comparison.variant,
        f"{cells.value(draft, comparison.value, unit)} (control {cells.value(draft, metric.control, unit)})",
        cells.point(draft, told, unit, lift=lift),
        cells.ends(draft, told, unit, lift=lift),
        cells.p_value(draft, comparison),
        cells.word(draft, metric, comparison),
    )
    return _bar(tuple(_plain(draft, text) for text in texts))


def _bar(texts: tuple[str, ...]) -> str:
    return f"| {' | '.join(texts)} |"


def _plain(draft: Draft, text: str) -> str:
    return draft.look.plain(in_markdown(text))
