"""Small designs that can be simulated in a second."""

import pytest

from abstory.experiment import Experiment


@pytest.fixture(scope="session")
def declare():
    """An experiment of two cuts of one length, with whatever is changed."""

    def make(**changes):
        return Experiment.model_validate(
            {
                "version": 1,
                "key": "launch",
                "story": "teaser",
                "schedule": {"start": "2026-11-02", "end": "2026-11-09"},
                "factors": {"cta": ["none", "shop_now"]},
                "metrics": {"primary": {"name": "watched_12s", "mde": "10%"}, "secondary": ["like_rate"]},
                "decision": {"min_per_variant": 400, "min_runtime": "3d"},
            }
            | changes
        )

    return make
