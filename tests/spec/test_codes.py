"""The table of codes, the code that gives them and the page that explains them say the same."""

import re
from pathlib import Path

import pytest

from abstory.spec import check_bytes
from abstory.spec.codes import CODES, PAGE

ROOT = Path(__file__).parent.parent.parent
SOURCE = ROOT / "src" / "abstory"
TEXT = (ROOT / PAGE).read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", TEXT, re.MULTILINE | re.DOTALL))
NOT_SHOWN = {"E101", "E102", "E103", "E116", "E501", "E502"}
"""What needs more than a readable part of one file; test_corpus, test_reader and cli/test_validate have them."""
SHOWN = sorted(CODES.keys() - NOT_SHOWN)


def given():
    paths = [*(SOURCE / "spec").glob("*.py"), *(SOURCE / "experiment").glob("*.py")]
    return {code for p in paths if p.name != "codes.py" for code in re.findall(r'"([EW]\d{3})"', p.read_text("utf-8"))}


@pytest.fixture
def example(whole):
    """The wrong or the right file of a section."""

    def example(code, which):
        (block,) = re.findall(r"^```yaml\n(.*?)^```$", SECTIONS[code], re.MULTILINE | re.DOTALL)
        mark, body = re.search(rf"^# {which}(.*)\n((?:(?!# right).*\n)*)", block, re.MULTILINE).groups()
        return (body if mark == ": the whole file" else whole(body)).encode()

    return example


def test_the_table_has_every_code_that_is_given_and_no_other():
    assert given() == set(CODES)


def test_the_page_has_a_section_for_every_code_and_no_other():
    assert list(SECTIONS) == list(CODES)


@pytest.mark.parametrize("code", CODES)
def test_a_section_begins_with_the_title_of_its_code(code):
    assert SECTIONS[code].lstrip().startswith(f"**{CODES[code]}**: ")


def test_what_is_not_shown_has_no_example():
    assert not any("```yaml" in SECTIONS[code] for code in NOT_SHOWN)


@pytest.mark.parametrize("code", SHOWN)
def test_the_wrong_example_earns_its_code(code, example):
    _, found = check_bytes(example(code, "wrong"), "a.yaml")
    assert {one.code for one in found} == {code}


@pytest.mark.parametrize("code", SHOWN)
def test_the_right_example_earns_nothing(code, example):
    experiment, found = check_bytes(example(code, "right"), "a.yaml")
    assert (experiment is not None, found) == (True, ())
