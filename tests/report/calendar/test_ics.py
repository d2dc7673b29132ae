"""iCalendar as RFC 5545 has it, read back by a parser of others."""

from datetime import UTC, datetime, timedelta

import icalendar
from hypothesis import given
from hypothesis import strategies as st

from abstory.report.calendar.ics import escaped, folded, render
from abstory.report.harmless import one_line
from abstory.report.look import Look


def parsed(text):
    made = icalendar.Calendar.from_ical(text.encode())
    assert made.errors == []
    assert all(event.errors == [] for event in made.events)
    return made


def test_every_post_is_an_event_at_its_instant(every):
    events = parsed(render(every, Look())).events
    told = [(event.start, str(event["SUMMARY"])) for event in events]
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    assert sorted(told) == sorted(
        (epoch + timedelta(microseconds=slot.scheduled_us), f"{slot.account}: {variant}")
        for slot, variant in every.posts
    )
    assert len({str(event["UID"]) for event in events}) == len(events)
    assert {event.end - event.start for event in events} == {timedelta(minutes=15)}


def test_lines_are_those_of_the_rfc(every):
    data = render(every, Look()).encode()
    assert data.endswith(b"END:VCALENDAR\r\n")
    lines = data.removesuffix(b"\r\n").split(b"\r\n")
    assert not any(b"\n" in line or b"\r" in line for line in lines)
    assert max(map(len, lines)) <= 75
    for line in lines:
        line.decode()  # no character is cut
    for name in (b"VERSION:2.0", b"PRODID:-//abstory//calendar 1//EN"):
        assert lines.count(name) == 1


def test_text_comes_through_whole(drawn):
    made = drawn("pair")
    read = parsed(render(made, Look()))
    assert f"X-WR-CALDESC:{escaped(made.experiment.title)}" in render(made, Look()).replace("\r\n ", "")
    for event, post in zip(read.events, made.by_time, strict=True):
        assert str(event["DESCRIPTION"]).splitlines() == [
            f"Post {post.variant} on main: hook {post.variant}",
            f"Cut: cuts/{post.variant}; take, two.mp4",
            f"Experiment posts, slot {post.slot.id}",
        ]


def test_the_clock_has_no_part_in_it(drawn):
    made = drawn("pair")
    stamps = {event["DTSTAMP"].dt for event in parsed(render(made, Look())).events}
    assert stamps == {datetime(2026, 11, 23, tzinfo=UTC)}


@given(st.text())
def test_a_value_is_read_as_it_was_meant(text):
    """As the parser unescapes it: on one line, with what a program might obey shown."""
    value = escaped(text)
    assert len(f"x{value}x".splitlines()) == 1
    event = f"BEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20261123T000000Z\r\nSUMMARY:{value}\r\nEND:VEVENT\r\n"
    assert str(icalendar.Event.from_ical(event)["SUMMARY"]) == one_line(text)


@given(st.text(alphabet=st.characters(blacklist_characters="\r\n", blacklist_categories=("Cs",))))
def test_folding_loses_nothing_and_cuts_no_character(text):
    lines = list(folded(text))
    assert all(len(line.encode()) <= 75 for line in lines)
    assert all(line.startswith(" ") for line in lines[1:])
    assert lines[0] + "".join(line[1:] for line in lines[1:]) == text
