"""From a question to a result: ask the warehouse once for all metrics, then read each comparison at its level."""

from abstory.analysis.looking import Looks, run
from abstory.analysis.result import analyse, as_of, plan

__all__ = ["Looks", "analyse", "as_of", "plan", "run"]
