"""What people mistype in YAML, and the words for it: the place is where the mistake is, not where the parser noticed."""

import pytest

from abstory.spec import check_bytes

MISTAKES = [
    ("a:\n  b: [1]\n    c: 2\n", (3, 5), "indented unlike"),
    ("a:\n    b: 1\n  c: 2\n", (3, 3), "indented unlike"),
    ("a: 1\n b: 2\n", (2, 3), "the line above leaves no room"),
    ("a:1\nb: 2\n", (2, 2), "the line above leaves no room"),
    ("a: b: c\n", (1, 5), "a second colon"),
    ('a: "x" y\n', (1, 8), "after a closing quote"),
    ("a: 'what's on'\n", (1, 10), "after a closing quote"),
    ('a: "x\nb: 1\nc: 2\n', (1, 4), "a quote that is never closed"),
    ("a: [x, y\nb: 1\nc: 2\n", (1, 4), "begins with [ is not closed"),
    ("p: [{name: a, mde: 1%]\nb: 1\n", (1, 5), "begins with { is not closed"),
    ("a: [x]]\nb: 1\n", (1, 7), "a ] that closes nothing"),
    ("a: {x: 1}}\nb: 1\n", (1, 10), "a } that closes nothing"),
    ("a: 1\nb\nc: 2\n", (2, 1), "a name without a value"),
    ("a: 1\nb:2\n", (2, 1), "a name without a value"),
    ("a: %5\n", (1, 4), "cannot begin with %"),
    ("a: >5%\n", (1, 4), "cannot begin with >"),
    ("a: & b\n", (1, 4), "cannot begin with &"),
]


@pytest.mark.parametrize(("text", "place", "words"), MISTAKES)
def test_a_mistake_is_told_once_where_it_is_and_in_plain_words(text, place, words):
    _, (one,) = check_bytes(text.encode(), "a.yaml")
    assert (one.code, one.line, one.column) == ("E105", *place)
    assert words in one.message
    assert one.hint
    assert not any(jargon in one.message for jargon in ("block", "flow", "scalar", "token", "mapping"))


def test_what_has_no_words_of_its_own_keeps_those_of_the_parser():
    _, (one,) = check_bytes(b"a: ? b\n", "a.yaml")
    assert one.message == "YAML syntax: mapping keys are not allowed here"


@pytest.mark.parametrize("space", ["\u00a0", "\u2003", "\u3000"])
def test_a_space_of_another_kind_is_no_indentation(space):
    _, (one,) = check_bytes(f"a:\n {space}b: 1\n".encode(), "a.yaml")
    assert (one.code, one.line, one.column) == ("E104", 2, 2)


def test_such_a_space_within_a_text_may_stay():
    assert "E104" not in [one.code for one in check_bytes("title: vrai\u00a0?\n".encode(), "a.yaml")[1]]
