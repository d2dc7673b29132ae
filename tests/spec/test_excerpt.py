"""The caret stands under what is meant: columns are counted here by hand."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abstory.spec.diagnostics import Diagnostic
from abstory.spec.excerpt import excerpt


def fault(source, column, width=1):
    return Diagnostic("E203", "error", "a.yaml", 7, column, "", "", width=width, source=source)


def columns(text):
    """As a terminal advances: two for wide characters, none for what combines."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(unicodedata.combining(char) > 0 for char in text)


@pytest.mark.parametrize(
    ("source", "column", "width", "shown", "under"),
    [
        ("key: abc", 6, 3, "key: abc", "     ^^^"),
        ("key: abc", 6, 99, "key: abc", "     ^^^"),
        ("key:\tabc", 6, 3, "key: abc", "     ^^^"),
        ("title: 動画, x: 1", 11, 1, "title: 動画, x: 1", "            ^"),
        ("x: 動画", 4, 2, "x: 動画", "   ^^^^"),
        ("x: e\u0301a, y", 6, 1, "x: e\u0301a, y", "    ^"),
        ("short", 40, 1, "short", "     ^"),
    ],
)
def test_the_caret_is_under_the_value(source, column, width, shown, under):
    assert excerpt(fault(source, column, width), 80) == [f"  7 | {shown}", f"    | {under}"]


def test_nothing_is_shown_of_a_line_that_must_not_be():
    assert excerpt(fault("", 3), 80) == []


def test_a_long_line_is_cut_on_both_sides_of_the_caret():
    line, caret = excerpt(fault("a" * 100 + "HERE" + "b" * 100, 101, 4), 40)
    assert line == "  7 | ..." + "a" * 14 + "HERE" + "b" * 10 + "..."
    assert caret == "    | " + " " * 17 + "^^^^"


@given(
    st.text(st.sampled_from("ab ,動画é\u0301😀\t"), min_size=1, max_size=200),
    st.integers(1, 250),
    st.integers(1, 250),
    st.integers(40, 120),
)
def test_both_lines_fit_and_the_caret_is_under_the_line(source, column, width, room):
    line, caret = excerpt(fault(source, column, width), room)
    assert columns(line) <= room
    assert columns(caret) <= room + 1
    assert "^" in caret
    if column <= len(source) and columns(source[column - 1]) == len(source[column - 1]):
        seen = caret.index("^")
        at = next(n for n in range(len(line)) if columns(line[:n]) == seen)
        assert line[at] in {source[column - 1], " ", "\u0301"}
