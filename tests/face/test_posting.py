"""A calendar in Python is the command's."""

import json

import pytest

import abstory

KEY = "reels-slots-w48"


@pytest.fixture
def posts(root):
    return abstory.load(root / "experiments" / f"{KEY}.yaml").posts()


def test_it_shows_itself_as_the_command_does(posts, root, call):
    _, out, _ = call("-C", root, "calendar", KEY)
    assert repr(posts) == out
    assert posts.text(width=50, ascii_only=True) == call("-C", root, "--ascii", "--width", "50", "calendar", KEY)[1]


def test_it_is_a_tuple_a_frame_and_a_document(posts, root, call):
    assert isinstance(posts, abstory.Posts)
    (slot, variant), *rest = posts.posts
    assert (slot.id, variant, len(rest)) == ("brand_de.2026-11-23T12:30", "none.shop_now", 95)
    assert posts.balance.even
    frame = posts.to_polars()
    assert {row["slot_id"]: row["variant"] for row in frame.to_dicts()} == {
        post.slot.id: post.variant for post in posts.posts
    }
    assert posts.to_dict() == json.loads(call("-C", root, "calendar", KEY, "--json")[1])


def test_it_is_kept_in_the_format_its_name_asks_for(posts, root, tmp_path):
    assert posts.save(tmp_path / "posts.csv").read_bytes() == (root / "tests/cases/posts.csv").read_bytes()
    assert b"\r\nEND:VCALENDAR\r\n" in posts.save(tmp_path / "posts.ics").read_bytes()
    with pytest.raises(abstory.UsageError, match=r"no format is written as \.docx"):
        posts.save(tmp_path / "posts.docx")


def test_viewers_have_none(root):
    with pytest.raises(abstory.UsageError, match="randomises viewers"):
        abstory.load(root / "experiments" / "cta-button.yaml").posts()
