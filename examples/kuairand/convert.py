"""KuaiRand's log of views -> viewers.csv first; then, once they are assigned, exposures.csv and events.csv.

    python convert.py viewers log_standard_4_08_to_4_21_1k.csv
    python convert.py log log_standard_4_08_to_4_21_1k.csv assigned.csv

Columns used: user_id, video_id, time_ms, play_time_ms, duration_ms and the 0/1 signals below, where they are there.

* duration_ms is 0 where the length of a video is unknown: such a view is a view, and never complete. An event
  `unknown_length` says so, which the experiment counts.
* play_time_ms may be longer than duration_ms, as videos loop: one view, complete, watched for its length once. An event
  `looped` says so, which the experiment counts.
* Videos differ in length, so completion is told by `complete` events and not by the seconds watched.
"""

import csv
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

KEY = "kuairand-aa"
SIGNALS = {
    "is_like": "like",
    "is_follow": "follow",
    "is_comment": "comment",
    "is_forward": "share",
    "is_hate": "hide",
}


def read(path):
    """Rows of a CSV file by column name."""
    with Path(path).open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def write(path, header, lines):
    """A CSV file in the current folder."""
    with Path(path).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(lines)


def instant(milliseconds):
    """Milliseconds since 1970 as ISO 8601 in UTC."""
    at = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=int(milliseconds))
    return at.isoformat(timespec="milliseconds")


def events(row):
    """What one row of the log says, as events of one instant."""
    played, length = int(row["play_time_ms"]), int(row["duration_ms"])
    at = instant(row["time_ms"])
    yield row["user_id"], row["video_id"], "view", at, min(played, length) if length else played
    told = {"complete": 0 < length <= played, "looped": 0 < length < played, "unknown_length": length == 0}
    for event in (name for name, true in told.items() if true):
        yield row["user_id"], row["video_id"], event, at, ""
    for column, event in SIGNALS.items():
        if row.get(column) == "1":
            yield row["user_id"], row["video_id"], event, at, ""


def main(step, log, assigned=None):
    """One of the two steps."""
    first = {}
    for row in read(log):
        user, at = row["user_id"], int(row["time_ms"])
        first[user] = min(at, first.get(user, at))
    if step == "viewers":
        write("viewers.csv", ["viewer_id"], ([user] for user in first))
        return
    variants = {row["viewer_id"]: row["variant"] for row in read(assigned)}
    seen = ([KEY, user, variants[user], instant(at)] for user, at in first.items())
    write("exposures.csv", ["experiment", "viewer_id", "variant", "ts"], seen)
    write(
        "events.csv",
        ["viewer_id", "story_id", "event", "ts", "watch_ms"],
        (e for row in read(log) for e in events(row)),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
