"""The schemas of the parts that only some reports have: one entry for each of `SECTIONS` of `report/json.py`."""

from __future__ import annotations

from abstory.report.schema.words import INTERVAL, NUMBER, TEXT, Schema, listed, maybe, named, one_of, shaped

SECTIONS: Schema = {"beliefs?": listed(named("belief"))}

_CHANCES = dict.fromkeys(("chance_better", "loss_shipping", "loss_keeping", "mean"), maybe(NUMBER))

DEFINITIONS: Schema = {
    "belief": shaped(
        {
            "metric": TEXT,
            "variant": TEXT,
            "scale": one_of(("lift", "difference")),
            "prior": TEXT,
            **_CHANCES,
            "interval": maybe(INTERVAL),
            "belief_unknown?": named("unknown"),
        }
    )
}
"""What the sections are made of."""
