"""Exposures outside the life of a story, or of another story: counted, and above 1 % warned of."""

import pytest

from abstory.experiment import Experiment
from abstory.quality import Evidence, checks
from abstory.results import Status
from abstory.stats.moments import Moments
from abstory.warehouse.base import Answer, ArmData

EXPERIMENT = Experiment.model_validate(
    {"version": 1, "key": "cta", "factors": {"cta": ["none", "shop"]}, "metrics": {"primary": "cta_rate"}}
)


def found(name, **counts):
    moments = Moments(480, {"any(cta_click)": 0.1}, {})
    arm = ArmData(moments, 15, 0, moments)
    data = Answer({"none": arm, "shop": arm}, {}, 0, 0, 0, 0, 0, 0, {}, **counts)
    return next(check for check in checks(Evidence(EXPERIMENT, data, {})) if check.id == name)


@pytest.mark.parametrize(("name", "field"), [("off_air", "off_air"), ("other_story", "elsewhere")])
@pytest.mark.parametrize(("count", "status"), [(0, Status.OK), (10, Status.OK), (11, Status.WARN)])
def test_above_one_per_cent_of_what_was_logged_it_is_warned_of(name, field, count, status):
    check = found(name, **{field: count})
    # 990 viewers, open windows included: 10 of 1,000 are 1 %, 11 of 1,001 are more.
    assert (check.status, check.figures["exposures"], bool(check.advice)) == (status, count, status is Status.WARN)
    assert check.figures["share"] == pytest.approx(count / (990 + count))
