"""How many viewers the declared experiment needs, and how long that takes: the questions asked before it starts."""

from abstory.planning.baselines import Baseline, Seen, seen
from abstory.planning.plan import Plan, Point, Question, plan, without_baseline

__all__ = ["Baseline", "Plan", "Point", "Question", "Seen", "plan", "seen", "without_baseline"]
