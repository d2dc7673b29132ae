"""How long views last where viewers have several: variances by viewer, from counts of views that share one.

Every quantity here is linear, to first order, in how many of a viewer's views ended where. So its variance by viewer is
w'Mw, with w the influence of a view that ended in each cell and M the cross products of the viewers' counts: integers
that any warehouse sums (Reid, Annals of Statistics 1981;9:78; R survfit(cluster=), the infinitesimal jackknife).
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from abstory.stats.adjusted import compare_adjusted
from abstory.stats.covariates import Adjusted
from abstory.stats.estimate import Effect, Estimate, Interval, Reason, Undetermined
from abstory.stats.logrank import Instant, LogRank, instants, of_instants
from abstory.stats.moments import Sample
from abstory.stats.reading import Reading
from abstory.stats.retention import Point, Restricted, Watching, log_log, point, rmst, unseen
from abstory.stats.simultaneous import sup_t_critical

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_FEWEST_DF = 1e-9
Cell = tuple[float, bool]
"""Seconds, and whether the view was left then (else it was still watching and is not seen longer)."""


@dataclass(frozen=True, slots=True)
class Viewed:
    """The views of one variant, and how they come together in viewers.

    Attributes:
        watching: every view by watch time.
        viewers: who have a view, >= 0.
        together: over viewers, Σ (views in one cell) · (views in another), by two numbers of cells in order: cell i are
            the exits at times[i], cell len(times) + i those still watching there. None where each view is taken as
            another viewer's, as aggregates of a platform must.
    """

    watching: Watching
    viewers: int
    together: Mapping[tuple[int, int], int] | None = None

    @classmethod
    def of(cls, rows: Iterable[tuple[str | int, float, bool]]) -> Viewed:
        """From one (viewer, seconds, whether it was left then) a view."""
        own: defaultdict[str | int, Counter[Cell]] = defaultdict(Counter)
        for viewer, time, left in rows:
            own[viewer][time, left] += 1
        together: Counter[tuple[Cell, Cell]] = Counter()
        for cells in own.values():
            for a in cells:
                together.update({(a, b): cells[a] * cells[b] for b in cells if a <= b})
        return cls.of_cells(sum(own.values(), Counter()), len(own), together)

    @classmethod
    def of_cells(
        cls, views: Mapping[Cell, int], viewers: int, together: Mapping[tuple[Cell, Cell], int] | None = None
    ) -> Viewed:
        """From views by cell, and for each two cells, in either order, the sum over viewers of their product."""
        times = sorted({time for time, _ in views})
        place = {time: at for at, time in enumerate(times)}
        exits, still = (tuple(views.get((time, left), 0) for time in times) for left in (True, False))

        def number(cell: Cell) -> int:
            return place[cell[0]] + (0 if cell[1] else len(times))

        pairs = {tuple(sorted((number(a), number(b)))): total for (a, b), total in (together or {}).items()}
        known = {(a, b): total for (a, b), total in pairs.items()}
        return cls(Watching(tuple(times), exits, still), viewers, None if together is None else known)

    @property
    def effective(self) -> float:
        """Viewers of equally many views that would tell as much: views²/Σ (a viewer's views)², at most the viewers.

        Carter, Schnepel & Steigerwald, Review of Economics and Statistics 2017;99:698, for rows that resemble each
        other fully within a viewer; a test on few or very unequal viewers has that many, less one, degrees of freedom.
        """
        total = float(self.products().sum())
        return self.watching.views**2 / total if total else 0.0

    def products(self) -> Floats:
        """M, symmetric, 2 len(times) on a side."""
        import numpy as np

        counts = (*self.watching.exits, *self.watching.still)
        if self.together is None:
            return np.diag(np.array(counts, dtype=float))
        found = np.zeros((len(counts), len(counts)))
        for (a, b), total in self.together.items():
            found[a, b] = found[b, a] = float(total)
        return found


def survival_covariance(viewed: Viewed) -> Floats:
    """Of S at every time with every other."""
    weights = _survival_weights(viewed.watching)
    found: Floats = weights @ viewed.products() @ weights.T
    return found


def km_clustered(viewed: Viewed, times: Sequence[float], critical: float) -> tuple[Point | Undetermined, ...]:
    """The Kaplan-Meier curve at some times, its errors and log(−log) intervals by viewer; as `km_curve` else."""
    import numpy as np

    errors = np.sqrt(np.maximum(np.diag(survival_covariance(viewed)), 0.0))
    shares = viewed.watching.survival

    def relative(at: int) -> float:
        return float(errors[at]) / shares[at] if at >= 0 else 0.0

    return tuple(point(viewed.watching, time, critical, relative) for time in times)


def band(viewed: Viewed, alpha: float) -> tuple[Interval | Undetermined, ...]:
    """An interval at every time, which together hold the whole curve with probability 1 − alpha, at one look.

    Of equal precision on the scale of log(−log S), with sup-t's critical value (see `simultaneous`); Undetermined where
    S is 0 or 1.
    """
    import numpy as np

    covariance, shares = survival_covariance(viewed), viewed.watching.survival
    inside = np.array([0 < share < 1 for share in shares], dtype=bool)
    critical = sup_t_critical(covariance[np.ix_(inside, inside)], alpha)
    errors = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    return tuple(log_log(share, float(error), critical) for share, error in zip(shares, errors, strict=True))


def rmst_clustered(viewed: Viewed, horizon: float) -> Restricted | Undetermined:
    """The restricted mean of `rmst`, its error by viewer: the integral of S's influence.

    Returns:
        NO_VIEWERS without views; TOO_FEW below two viewers; BEYOND where views are not seen to the horizon.
    """
    if refused := unseen(viewed.watching, horizon):
        return refused
    if viewed.viewers < 2:
        return Undetermined(Reason.TOO_FEW, "1 viewer")
    plain = rmst(viewed.watching, horizon)
    if isinstance(plain, Undetermined):
        return plain
    weights = _widths(viewed.watching, horizon) @ _survival_weights(viewed.watching)
    return Restricted(plain.value, _root(weights, viewed))


def compare_rmst(treatment: Viewed, control: Viewed, horizon: float, reading: Reading) -> Effect | Undetermined:
    """Difference of restricted means, and Fieller's lift at the same critical value, by viewer.

    Each squared error is taken n/(n − 1) times, as of any sample of n viewers, and Student's t has Welch and
    Satterthwaite's degrees of freedom for as many viewers as the views of each arm are worth (`Viewed.effective`).

    Args:
        treatment: views of one arm.
        control: views of the other, of other viewers.
        horizon: seconds, > 0, at most the shorter length.
        reading: counts viewers who have a view.

    Returns:
        What `rmst_clustered` lacks; TOO_EARLY where the reading lacks viewers; NO_VARIATION.
    """
    t, c = rmst_clustered(treatment, horizon), rmst_clustered(control, horizon)
    if isinstance(t, Undetermined):
        return t
    if isinstance(c, Undetermined):
        return c
    arms = (_sample(treatment, t), _sample(control, c))
    v_t, v_c = (arm.variance / arm.n for arm in arms)
    df = _df((v_t, v_c), (treatment.effective, control.effective))
    return compare_adjusted(Adjusted(arms, t.value, c.value, v_t, v_c, 0.0, df), reading, method="rmst")


def logrank_clustered(treatment: Viewed, control: Viewed, horizon: float) -> LogRank | Undetermined:
    """The log-rank test of `logrank`, with the variance of its score taken by viewer: Σ (a viewer's scores)²."""
    if not treatment.viewers or not control.viewers:
        return Undetermined(Reason.NO_VIEWERS)
    found = instants(treatment.watching, control.watching, horizon)
    arms = ((treatment, 1.0), (control, 0.0))
    return of_instants(found, math.fsum(_root(_scores(arm.watching, found, z), arm) ** 2 for arm, z in arms))


def reached(viewed: Viewed, given: float, then: float, critical: float) -> Estimate | Undetermined:
    """Of the views that last beyond `given`, the share that lasts beyond `then`: S(then)/S(given), by viewer.

    Descriptive: those who reach a second are another crowd in each variant. Influence: (ψ_then − R ψ_given)/S(given).
    """
    ends = km_clustered(viewed, (given, then), critical)
    low, high = ends
    if isinstance(low, Undetermined):
        return low
    if isinstance(high, Undetermined):
        return high
    if low.survival <= 0:
        return Undetermined(Reason.NO_DENOMINATOR, f"nobody is left at {given:g} s")
    weights, ratio = _survival_weights(viewed.watching), high.survival / low.survival
    own = [_row(viewed.watching, weights, time) for time in (given, then)]
    half = critical * _root((own[1] - ratio * own[0]) / low.survival, viewed)
    return Estimate(ratio, Interval(max(0.0, ratio - half), min(1.0, ratio + half)))


def _survival_weights(watching: Watching) -> Floats:
    """Influence on S at each time (row) of a view in each cell.

    −S Σ_{t_j ≤ t} [1 where it is left at t_j − h_j while it is watched]/(Y_j − d_j)
    """
    import numpy as np

    exits, risk = np.array(watching.exits, dtype=float), np.array(watching.at_risk, dtype=float)
    left = risk - exits
    inverse = np.divide(1.0, left, out=np.zeros_like(left), where=left > 0)
    passed = np.cumsum(np.array(watching.hazard) * inverse)
    at = np.arange(len(exits))
    compensated = passed[np.minimum(at[:, None], at[None, :])]
    exit_weights = np.where(at[None, :] <= at[:, None], inverse[None, :], 0.0) - compensated
    found: Floats = np.array(watching.survival)[:, None] * np.concatenate((-exit_weights, compensated), axis=1)
    return found


def _widths(watching: Watching, horizon: float) -> Floats:
    """How long S keeps the value of each time, up to the horizon."""
    import numpy as np

    return np.diff(np.minimum(np.array([*watching.times, math.inf]), horizon))


def _scores(watching: Watching, found: Sequence[Instant], z: float) -> Floats:
    """Lin and Wei's score of a view in each cell: (z − z̄) where it is left, less Σ (z − z̄) d/Y while it is watched."""
    import numpy as np

    times = np.array([at.time for at in found])
    gaps = np.array([z - at.share for at in found])
    passed = np.concatenate(([0.0], np.cumsum(gaps * np.array([at.exits / at.risk for at in found]))))
    own = {at.time: z - at.share for at in found}
    borne = passed[np.searchsorted(times, np.array(watching.times), side="right")]
    leaves = np.array([own.get(time, 0.0) for time in watching.times])
    return np.concatenate((leaves - borne, -borne))


def _row(watching: Watching, weights: Floats, time: float) -> Floats:
    import numpy as np

    place = int(np.searchsorted(np.array(watching.times), time, side="right")) - 1
    return weights[place] if place >= 0 else np.zeros(weights.shape[1])


def _root(weights: Floats, viewed: Viewed) -> float:
    return math.sqrt(max(0.0, float(weights @ viewed.products() @ weights)))


def _sample(viewed: Viewed, found: Restricted) -> Sample:
    n = viewed.viewers
    return Sample(n, found.value, found.error**2 * n * n / (n - 1))


def _df(squared: Sequence[float], effective: Sequence[float]) -> float:
    """Welch and Satterthwaite's, at least 1; infinite without variance."""
    spread = sum(v * v / max(g - 1, _FEWEST_DF) for v, g in zip(squared, effective, strict=True))
    return max(1.0, sum(squared) ** 2 / spread) if spread else math.inf
