"""Late events are counted and, above 1 % of viewers, warned of."""

import pytest

from abstory.experiment import HOUR_US, Experiment
from abstory.quality import Evidence, checks
from abstory.results import Status
from abstory.stats.moments import Moments
from abstory.warehouse.base import Answer, ArmData
from abstory.warehouse.parts import Late

EXPERIMENT = Experiment.model_validate(
    {"version": 1, "key": "cta", "factors": {"cta": ["none", "shop"]}, "metrics": {"primary": "cta_rate"}}
)


def found(late):
    arm = ArmData(Moments(500, {"any(cta_click)": 0.1}, {}), 0, 0, Moments(500, {"any(cta_click)": 0.1}, {}))
    data = Answer({"none": arm, "shop": arm}, {}, 0, 0, 0, 0, 0, 0, {}, late=late)
    return next(check for check in checks(Evidence(EXPERIMENT, data, {})) if check.id == "arrived_late")


@pytest.mark.parametrize(
    ("late", "status", "said"),
    [
        (None, Status.OK, "times of arrival not known"),
        (Late(0, 0, 0), Status.OK, "no event came late"),
        (Late(12, 10, 9 * HOUR_US), Status.OK, "12 events of 10 viewers (1.00%) came late, up to 9 h"),
        (Late(30, 11, 9 * HOUR_US), Status.WARN, "30 events of 11 viewers (1.10%) came late, up to 9 h"),
    ],
)
def test_what_came_late_is_counted_and_above_one_per_cent_warned_of(late, status, said):
    check = found(late)
    assert (check.status, check.said, bool(check.advice)) == (status, said, status is Status.WARN)
