"""How many viewers or posts the declared experiment needs, and how long that takes: asked before it starts."""

from abstory.planning.baselines import Baseline, Seen, seen
from abstory.planning.plan import Plan, Point, plan
from abstory.planning.post_target import PostBaseline, PostTarget
from abstory.planning.posts import PostPlan, PostPoint, plan_posts
from abstory.planning.question import Question, without_baseline

__all__ = [
    "Baseline",
    "Plan",
    "Point",
    "PostBaseline",
    "PostPlan",
    "PostPoint",
    "PostTarget",
    "Question",
    "Seen",
    "plan",
    "plan_posts",
    "seen",
    "without_baseline",
]
