"""Text of others in every place a report has for it, in every format: shown, never obeyed."""

import csv
import dataclasses
import io
import json
import re
import unicodedata
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.cells import cell_len

from abstory.report import FORMATS, renderer
from abstory.report.look import Look
from abstory.report.terminal import render

OBEYED = {"Cc", "Cf", "Cs", "Zl", "Zp"}
WICKED = (
    "\x1b]0;owned\x07\x1b[2J",
    "\u202egnp.exe\u2066",
    "line one\nline two\r\nline three\x85four\u2028five",
    "[bold red]x[/] [link=https://evil.example]y[/link]",
    "| a | b |\n|---|---|",
    "`code` **bold** _em_ ~~gone~~ # head <b>html</b> ![i](https://evil.example/i.png) [l](javascript:alert(1))",
    "</script><script>alert(1)</script><img src=x onerror=alert(1)>",
    '=HYPERLINK("https://evil.example")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1)",
    "\t=1+1",
    "日本語の動画" * 6,
    "🎬👩‍👩‍👧‍👦é",
    "a" * 300,
    "$(reboot) `reboot` %s {0} {{x}} {% x %}",
)
TEXTS = st.one_of(
    st.sampled_from(WICKED), st.text(max_size=40), st.tuples(st.sampled_from(WICKED), st.text()).map("".join)
)


def hostile(made, texts):
    """A page that says each of the texts wherever a file or a log can put one."""
    title, hypothesis, said, advice, reason, note, attribute, level = texts[:8]
    names = ["control", "b"]
    rows = [made.row("b", 0.4, (0.011, -0.013, 0.037, 0.4), made.Reads.UNCLEAR)]
    metrics = [
        made.metric("watched_12s", made.Role.PRIMARY, 0.4, rows, mde="2%"),
        made.metric("hide_rate", made.Role.GUARDRAIL, 0.4, [dataclasses.replace(rows[0], bound=0.037)], margin="5%"),
    ]
    check = dataclasses.replace(made.TRUSTED[0], said=said, status=made.Status.WARN, advice=advice)
    unknown = made.Undetermined(made.Reason.TOO_FEW, reason)
    segments = made.Segments(
        (made.Segmented(attribute, (made._by(unknown, False, _levels(made, level)),), 3, 2),), 2, 1, 0.05
    )
    result = made.result(made.arms(names), metrics, (check,), title=title, hypothesis=hypothesis, segments=segments)
    method = dataclasses.replace(result.method, notes=(note,))
    return made.Page(dataclasses.replace(result, method=method), made.Verdict(made.Ruling.REVIEW, None, (reason,)))


def _levels(made, level):
    told = made.metric(
        "watched_12s", made.Role.PRIMARY, 0.4, [made.row("b", 0.4, (0.02, -0.1, 0.2, 0.9), made.Reads.UNKNOWN)]
    )
    viewers = {"control": 700, "b": 712}
    return (
        made.SegmentResult(made.SegmentKind.LEVEL, level, viewers, told),
        made.SegmentResult(made.SegmentKind.UNKNOWN, "unknown", viewers, told),
    )


PLAIN = ["plain", "text", "in", "every", "one", "of", "these", "places"]
EIGHT_TEXTS = st.lists(TEXTS, min_size=8, max_size=8)


@given(EIGHT_TEXTS, st.integers(40, 140), st.booleans(), st.booleans())
def test_a_terminal_is_told_nothing_it_would_obey(made, texts, width, ascii_only, everything):
    page = dataclasses.replace(hostile(made, texts), everything=everything)
    text = render(page, Look(width, ascii_only))
    assert not {unicodedata.category(char) for char in text.replace("\n", "")} & OBEYED
    assert all(cell_len(line) <= width for line in text.split("\n"))
    assert text.isascii() or not ascii_only
    assert "+1.1%" in text


OURS = {
    "heading_open", "heading_close", "paragraph_open", "paragraph_close", "inline", "text", "text_special", "strong_open",
    "strong_close", "table_open", "table_close", "thead_open", "thead_close", "tbody_open", "tbody_close", "tr_open",
    "tr_close", "th_open", "th_close", "td_open", "td_close", "bullet_list_open", "bullet_list_close", "list_item_open",
    "list_item_close",
}  # fmt: skip


@settings(deadline=None)
@given(EIGHT_TEXTS)
def test_markdown_holds_no_markup_but_ours(made, texts):
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    plain, wicked = (parser.parse(renderer("md")(hostile(made, some), Look())) for some in (PLAIN, texts))
    for token in wicked:
        assert {token.type, *(child.type for child in token.children or ())} <= OURS
    # no text adds or breaks a block, a row or a cell
    assert _shape(wicked) == _shape(plain)


def _shape(tokens):
    """The blocks, without those that only an empty text lacks."""
    return [token.type for token in tokens if token.type.startswith(("table", "tr", "th", "td", "heading"))]


@given(EIGHT_TEXTS)
def test_csv_has_its_cells_and_no_formula(made, texts):
    rows = list(csv.reader(io.StringIO(renderer("csv")(hostile(made, texts), Look())), strict=True))
    assert {len(row) for row in rows} == {len(rows[0])}
    assert len(rows) == 1 + 2 * 2
    for cell in (cell for row in rows for cell in row):
        assert not cell.startswith(("=", "+", "@", "\t", "\r"))
        assert not cell.startswith("-") or float(cell) < 0


@pytest.mark.parametrize("wicked", WICKED)
def test_a_variant_of_csv_that_would_be_a_formula_is_text(made, wicked):
    names = ["control", wicked]
    rows = [made.row(wicked, 0.4, (0.01, -0.01, 0.03, 0.4), made.Reads.UNCLEAR)]
    page = made.Page(made.result(made.arms(names), [made.metric("like_rate", made.Role.PRIMARY, 0.4, rows)]), made.WON)
    for row in csv.reader(io.StringIO(renderer("csv")(page, Look())), strict=True):
        assert not any(cell.startswith(("=", "+", "@", "\t", "\r")) for cell in row)
        assert not any(re.match(r"-(?![\d.])|-2\+", cell) for cell in row)


@given(EIGHT_TEXTS, st.booleans())
def test_json_says_every_text_as_it_was(made, texts, ascii_only):
    text = renderer("json")(hostile(made, texts), Look(ascii_only=ascii_only))
    told = json.loads(text)
    assert (told["experiment"]["title"], told["experiment"]["hypothesis"]) == tuple(texts[:2])
    assert told["segments"]["attributes"][0]["attribute"] == texts[6]
    assert text.isascii() or not ascii_only


class Tags(HTMLParser):
    """Elements and attributes of a page, as a browser would find them."""

    def __init__(self):
        super().__init__()
        self.found = set()

    def handle_starttag(self, tag, attrs):
        self.found |= {(tag, name) for name, _ in attrs} | {(tag, None)}
        assert not any((value or "").lower().strip().startswith("javascript:") for _, value in attrs)


@settings(deadline=None, max_examples=25)
@given(EIGHT_TEXTS)
def test_html_has_no_element_but_ours(made, texts):
    def tags(some):
        parser = Tags()
        parser.feed(renderer("html")(hostile(made, some), Look()))
        return parser.found

    foreign = tags(texts) - tags(PLAIN)
    assert not foreign


NUMBER = re.compile(r"(?<![\w.])[+−<>]?\d[\d,]*(?:\.\d+)?(?:%| pp| s\b)?")


@pytest.mark.parametrize("ascii_only", [False, True])
def test_no_number_is_ever_cut(page, ascii_only):
    """Whatever the width, every number of it stands in the widest page too; a cut one would not."""
    for everything in (False, True):
        shown = dataclasses.replace(page, everything=everything)
        whole = set(NUMBER.findall(render(shown, Look(400, ascii_only))))
        for width in (40, 47, 60, 73, 80, 100, 120, 200):
            told = set(NUMBER.findall(_joined(render(shown, Look(width, ascii_only)))))
            assert told <= whole | {str(width)}, (width, told - whole)


def _joined(text):
    """Paragraphs may break a line between a number and its unit."""
    return re.sub(r"(?<=\d)\n +(?=pp\b|s\b)", " ", text)


def test_every_format_is_in_here():
    assert set(FORMATS) == {"table", "json", "csv", "md", "html", "parquet"}
