"""Open Bandit Dataset -> exposures.csv and events.csv, as `abstory ingest` reads them.

    python convert.py obd/random/men/men.csv obd/bts/men/men.csv

The data set names no users: each row is one impression, drawn independently, so each impression is its own viewer.
"""

import csv
import sys
from pathlib import Path

KEY = "open-bandit-men"


def rows(path, variant):
    """Viewer, instant and whether it was clicked, of each impression of one policy."""
    with Path(path).open(newline="", encoding="utf-8") as file:
        for number, row in enumerate(csv.DictReader(file)):
            yield f"{variant}-{number:05d}", row["timestamp"].replace(" ", "T"), row["click"] == "1"


def main(random_log, bts_log):
    """Write both files beside each other in the current folder."""
    with (
        Path("exposures.csv").open("w", newline="", encoding="utf-8") as exposures_file,
        Path("events.csv").open("w", newline="", encoding="utf-8") as events_file,
    ):
        exposures, events = csv.writer(exposures_file), csv.writer(events_file)
        exposures.writerow(["experiment", "viewer_id", "variant", "ts"])
        events.writerow(["viewer_id", "story_id", "event", "ts"])
        for variant, log in (("random", random_log), ("bts", bts_log)):
            for viewer, at, clicked in rows(log, variant):
                exposures.writerow([KEY, viewer, variant, at])
                events.writerow([viewer, "zozotown-men", "view", at])
                if clicked:
                    events.writerow([viewer, "zozotown-men", "cta_click", at])


if __name__ == "__main__":
    main(*sys.argv[1:])
