from datetime import UTC, datetime

import pytest

from abstory.spec import load_file


@pytest.mark.parametrize("template", ["ab", "factorial", "calendar"])
def test_a_template_is_valid_and_earns_no_warning(tmp_path, call, template):
    code, out, err = call("-C", tmp_path, "new", "first", "--template", template)
    assert code == 0
    assert out.strip() == str(tmp_path / "experiments/first.yaml")
    assert "abstory validate" in err
    assert call("-C", tmp_path, "validate", "--strict")[:2] == (0, "")


def test_it_is_commented_and_carries_the_key(tmp_path, call):
    call("-C", tmp_path, "new", "first")
    text = (tmp_path / "experiments/first.yaml").read_text()
    assert "key: first " in text
    assert text.count("#") > 5


def test_it_never_overwrites(tmp_path, call):
    call("-C", tmp_path, "new", "first")
    before = (tmp_path / "experiments/first.yaml").read_bytes()
    code, out, err = call("-C", tmp_path, "new", "first", "--template", "factorial")
    assert (code, out) == (2, "")
    assert "exists; nothing was written" in err
    assert (tmp_path / "experiments/first.yaml").read_bytes() == before


# The last three are names, but not to a YAML reader: 2026 is a number, no is false to some, 1e5 is a number to some.
@pytest.mark.parametrize("key", ["../x", "", "A", "a" * 65, "a b", "-a", "é", "a\n", "2026", "no", "1e5"])
def test_what_cannot_be_a_key_writes_nothing(tmp_path, call, key):
    code, out, err = call("-C", tmp_path, "new", "--", key)
    assert (code, out) == (2, "")
    assert "hint" in err
    assert list(tmp_path.rglob("*.yaml")) == []


def test_a_calendar_begins_on_a_monday_that_is_still_to_come(tmp_path, call):
    call("-C", tmp_path, "new", "posts", "--template", "calendar")
    start = load_file(tmp_path / "experiments/posts.yaml").calendar.start
    assert start.weekday() == 0
    assert 1 <= (start - datetime.now(UTC).date()).days <= 7


def test_a_file_in_the_way_of_the_folder_is_told(tmp_path, call):
    (tmp_path / "experiments").write_text("a file")
    assert call("-C", tmp_path, "new", "x")[0] == 6
