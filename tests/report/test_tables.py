import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from abstory.report.tables import Column, Drawing, lay

NAMES = st.lists(st.text("abc字", min_size=1, max_size=40), min_size=1, max_size=5)


def test_by_hand():
    table = lay([Column("variant", ("control", "b")), Column("rate", ("41.3%", "9%"), right=True)], 40, "-")
    assert [line.plain for line in table.lines] == [
        "variant   rate",
        "--------------",
        "control  41.3%",
        "b           9%",
    ]


def test_columns_go_whole_in_their_order_and_are_named():
    columns = [
        Column("variant", ("a",)),
        Column("viewers", ("41,200",), drop=2, name="viewers"),
        Column("p", (".023",), drop=1, name="p"),
        Drawing(lambda width: Column("-" * width, ("=" * width,)), 15, 41, drop=3, name="bars"),
        Column("reads as", ("better",)),
    ]
    assert lay(columns, 80).dropped == ()
    assert lay(columns, 48).dropped == ("p",)
    assert lay(columns, 42).dropped == ("p", "viewers")
    assert lay(columns, 30).dropped == ("p", "viewers", "bars")
    assert "=" * 35 in lay(columns, 80).lines[-1].plain or "=" * 29 in lay(columns, 80).lines[-1].plain


@given(NAMES, st.integers(40, 120))
def test_no_line_is_wider_than_the_width_and_no_cell_is_cut(names, width):
    numbers = tuple(f"{n:,}" for n in range(10**6, 10**6 + len(names)))
    table = lay([Column("variant", tuple(names)), Column("n", numbers, drop=1, name="n"), Column("m", numbers)], width)
    assert all(cell_len(line.plain) <= width for line in table.lines)
    text = "".join(line.plain for line in table.lines)
    assert all(number in text for number in numbers)
    assert all(name in text for name in names)


def test_the_first_column_must_name_the_rows():
    with pytest.raises(TypeError):
        lay([Drawing(lambda _: Column("", ()), 1, 1)], 80)


def test_a_second_column_of_names_gets_lines_of_its_own_after_the_first_and_only_where_it_must():
    """Levels of a factor, keys in the ledger: what names is never cut, and nothing leaves the page."""
    level = Column("level", ("warm vs none", "a" * 30), own=True)
    table = lay([Column("factor", ("filter", "cta")), level, Column("lift", ("+1%", "+20%"), right=True)], 34, "-")
    assert [line.plain for line in table.lines] == [
        "factor  level         lift",
        "--------------------------",
        "filter  warm vs none   +1%",
        "cta",
        "  " + "a" * 30,
        "                      +20%",
    ]
    wide = lay([Column("factor", ("filter", "cta")), level, Column("lift", ("+1%", "+20%"), right=True)], 80, "-")
    assert len(wide.lines) == 4


@given(NAMES, st.integers(40, 90))
def test_no_line_is_wider_than_the_page_however_long_a_second_name(names, width):
    rows = tuple(name * 5 for name in names)
    columns = [Column("asked", rows), Column("experiment", rows, own=True), Column("p", ("<.001",) * len(rows))]
    assert all(cell_len(line.plain) <= width for line in lay(columns, width).lines)
