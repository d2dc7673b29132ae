"""The same cells on the odds scale, as a check: an interaction of rates may be none of odds, and the other way round.

The product's scale is the rate; this one says whether a finding depends on the scale.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from abstory.stats.estimate import Reason, Undetermined
from abstory.stats.factorial_layout import Model, Term
from abstory.stats.moments import Tally

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_STEPS = 50
_CLOSE = 1e-12
_FARTHEST = 30.0


def logit_coefficients(model: Model, cells: Sequence[Tally]) -> tuple[Floats, Floats] | Undetermined:
    """Effect-coded coefficients of the saturated logistic model and their standard errors, in the model's order.

    b = W logit(p), var(b) = W diag(1/(n p(1 − p))) W': the maximum likelihood fit, for it reproduces every cell.

    Returns:
        NO_VARIATION where a cell's rate is 0 or 1 (separation: a coefficient is infinite), TOO_FEW for an empty cell.
    """
    import numpy as np

    if not all(cell.n for cell in cells):
        return Undetermined(Reason.TOO_FEW)
    if any(cell.successes in (0, cell.n) for cell in cells):
        return Undetermined(Reason.NO_VARIATION, "a rate of 0 or 1")
    p, n = (np.array(column, dtype=float) for column in ([c.mean for c in cells], [c.n for c in cells]))
    b = model.weights @ (np.log(p) - np.log1p(-p))
    return b, np.sqrt((model.weights**2) @ (1 / (n * p * (1 - p))))


def likelihood_ratio(model: Model, cells: Sequence[Tally], term: Term) -> float | Undetermined:
    """Twice the log-likelihood that a term of the saturated model adds to all others (type III), chi-square.

    The reduced model is fitted by Newton's method with step halving; its deviance is the statistic, for the saturated
    one's is 0.

    Returns:
        ALIASED where the cells do not tell the term, TOO_FEW for an empty cell.
    """
    import numpy as np

    if not model.whole(term):
        return Undetermined(Reason.ALIASED)
    if not all(cell.n for cell in cells):
        return Undetermined(Reason.TOO_FEW)
    columns = [model.layout.columns(kept)[:, [number]] for kept, number in model.kept if kept != term]
    design = np.hstack(columns) if columns else np.zeros((len(cells), 0))
    x, n = (np.array(column, dtype=float) for column in ([c.successes for c in cells], [c.n for c in cells]))
    return _least_deviance(design, x, n)


def _least_deviance(design: Floats, x: Floats, n: Floats) -> float:
    import numpy as np

    b = np.zeros(design.shape[1])
    now = _deviance(design @ b, x, n)
    for _ in range(_STEPS):
        p = _rate(design @ b)
        step = np.linalg.lstsq(design.T @ (design * (n * p * (1 - p))[:, None]), design.T @ (x - n * p), rcond=None)[0]
        new = _deviance(design @ (b + step), x, n)
        while new > now + _CLOSE * (1 + now):
            step = step / 2
            new = _deviance(design @ (b + step), x, n)
        b, before, now = b + step, now, new
        if before - now <= _CLOSE * (1 + now):
            break
    return now


def _rate(eta: Floats) -> Floats:
    import numpy as np

    found: Floats = 1 / (1 + np.exp(-np.clip(eta, -_FARTHEST, _FARTHEST)))
    return found


def _deviance(eta: Floats, x: Floats, n: Floats) -> float:
    p = _rate(eta)
    parts = zip(x, n, p, strict=True)
    return max(0.0, 2 * math.fsum(_surprise(s, t * q) + _surprise(t - s, t * (1 - q)) for s, t, q in parts))


def _surprise(seen: float, expected: float) -> float:
    return seen * math.log(seen / expected) if seen > 0 else 0.0
