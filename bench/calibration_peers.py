"""The peers' answers on given evidence, for calibration.py: runs in the peer's own Python, needs nothing of abstory.

    PYTHON bench/calibration_peers.py {tea|gb} < asked.json > answered.json

Asked is a list of {kind, rows}; a row is (n, y, d, yy, dd, yd) of the treatment, then of control: means, variances
(n - 1) and covariance of a measure y and a denominator d, for `cuped` a covariate. Answered are, by row, p, the ends of
the difference and of the lift; null for what the peer does not give. Every peer is asked by its own defaults,
two-sided at 5 %.
"""

import json
import math
import sys
import warnings


def tea():
    """tea-tasting: z test with continuity correction (Barnard below 1,000), Welch, delta method, log-scale lift."""
    import tea_tasting
    from tea_tasting.aggr import Aggregates

    metrics = {
        "proportion": tea_tasting.Proportion("y"),
        "mean": tea_tasting.Mean("y"),
        "ratio": tea_tasting.RatioOfMeans("y", "d"),
        "cuped": tea_tasting.Mean("y", covariate="d"),
    }

    def aggregates(arm):
        n, y, d, yy, dd, yd = arm
        return Aggregates(int(n), {"y": y, "d": d}, {"y": yy, "d": dd}, {("d", "y"): yd})

    def answer(kind, treatment, control):
        found = metrics[kind].analyze_aggregates(aggregates(control), aggregates(treatment))
        return (
            found.pvalue,
            found.effect_size_ci_lower,
            found.effect_size_ci_upper,
            found.rel_effect_size_ci_lower,
            found.rel_effect_size_ci_upper,
        )

    return answer


def gb():
    """gbstats: two-sided Welch, for proportions too; the lift by the plain delta method; `peeks` by its sequence."""
    from gbstats.frequentist.tests import FrequentistConfig, SequentialConfig, SequentialTwoSidedTTest, TwoSidedTTest
    from gbstats.models.statistics import (
        ProportionStatistic,
        RatioStatistic,
        RegressionAdjustedStatistic,
        SampleMeanStatistic,
        compute_theta,
    )

    def squares(n, mean, variance):
        return (n - 1) * variance + n * mean * mean

    def statistic(kind, arm):
        n, y, d, yy, dd, yd = arm
        n = int(n)
        if kind == "proportion":
            return ProportionStatistic(n=n, sum=round(n * y))
        top = SampleMeanStatistic(n=n, sum=n * y, sum_squares=squares(n, y, yy))
        if kind == "mean":
            return top
        below, product = SampleMeanStatistic(n=n, sum=n * d, sum_squares=squares(n, d, dd)), (n - 1) * yd + n * y * d
        if kind == "cuped":
            return RegressionAdjustedStatistic(
                n=n, post_statistic=top, pre_statistic=below, post_pre_sum_of_products=product, theta=0.0
            )
        return RatioStatistic(n=n, m_statistic=top, d_statistic=below, m_d_sum_of_products=product)

    def answer(kind, treatment, control):
        kind, _, peeking = kind.partition(" ")
        make, config = (SequentialTwoSidedTTest, SequentialConfig) if peeking else (TwoSidedTTest, FrequentistConfig)
        arms = statistic(kind, control), statistic(kind, treatment)
        if kind == "cuped":
            arms[0].theta = arms[1].theta = compute_theta(*arms)
        absolute, relative = (
            make(*arms, config(difference_type=scale)).compute_result() for scale in ("absolute", "relative")
        )
        if absolute.error_message or relative.error_message:
            return (None,) * 5
        return (absolute.p_value, *absolute.ci, *relative.ci)

    return answer


def plain(value):
    return None if value is None or math.isnan(value) else max(-1e300, min(1e300, value))


def main():
    warnings.simplefilter("ignore")
    answer = {"tea": tea, "gb": gb}[sys.argv[1]]()

    def safely(kind, row):
        try:
            return [plain(value) for value in answer(kind, row[:6], row[6:])]
        except (ArithmeticError, ValueError):
            return [None] * 5

    asked = json.load(sys.stdin)
    json.dump([[safely(task["kind"], row) for row in task["rows"]] for task in asked], sys.stdout)


if __name__ == "__main__":
    main()
