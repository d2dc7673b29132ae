"""The text of the roll-up, as a reviewer reads it: run with UPDATE_GOLDEN=1 to write it anew."""

import os
from pathlib import Path

from abstory.metrics import built_in, triples
from abstory.warehouse.base import Arm, RollUp
from abstory.warehouse.rollup_text import Text

GOLDEN = Path(__file__).parent / "rollup_example.sql"
DAY = 86_400_000_000
START = 20_000 * DAY


def example():
    metrics = [built_in(name) for name in ("completion_rate", "watch_seconds_to_12s", "engagements_per_view")]
    measures = tuple(dict.fromkeys(measure for metric in metrics for measure in metric.measures))
    pairs = tuple(dict.fromkeys(pair for metric in metrics for pair in metric.pairs))
    arms = (Arm("15s", 15_000), Arm("30s", 30_000))
    thirds = tuple(dict.fromkeys(key for metric in metrics for key in triples(metric)))
    times = (START, START + 14 * DAY, DAY, START + 10 * DAY)
    return RollUp("launch-cta", arms, *times, "s1", measures, pairs, triples=thirds)


def test_the_text_for_an_example_experiment():
    query = Text(example()).rollup()
    bound = "\n".join(f"-- ${name} = {value}" for name, value in sorted(query.values.items()))
    said = f"{bound}\n{query.text}\n"
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(said, encoding="utf-8")
    assert said == GOLDEN.read_text(encoding="utf-8")


def test_no_engine_idiom_that_other_engines_lack():
    text = Text(example()).rollup().text.upper()
    assert not [
        word for word in ("FILTER", "QUALIFY", "INTERVAL", "DATE_DIFF", "HASH(", "DOUBLE", "::") if word in text
    ]
