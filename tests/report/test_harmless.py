import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from abstory.report.harmless import harmless, one_line
from abstory.report.look import Look


@given(st.text())
def test_nothing_a_terminal_would_obey_is_left(text):
    assert not any(unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for c in one_line(text))
    assert len(one_line(text).splitlines()) <= 1


@given(st.text())
def test_ascii_is_ascii(text):
    said = Look(80, ascii_only=True).say(text)
    assert said.isascii()
    assert said.isprintable()


def test_by_hand():
    assert harmless("a\x1b[31mb\u202ec\nd\te") == "a\\x1b[31mb\\u202ec\nd\te"
    assert one_line("  two\r\n lines\u2028") == "two lines"
    assert Look(80, ascii_only=True).plain("−8% · ├─●─▸ café") == "-8% | [-*-> caf\\xe9"
