"""A seeded story audience whose true rates are known, so that a report can be held to them.

`truth` shares nothing with the draws of `play` but the audience's parameters.
"""

from abstory.simulate.audience import LAUNCH, Nudge, Persona, StoryAudience
from abstory.simulate.play import Acts, Played, act, crowd, play
from abstory.simulate.truth import planted, truth

__all__ = [
    "LAUNCH",
    "Acts",
    "Nudge",
    "Persona",
    "Played",
    "StoryAudience",
    "act",
    "crowd",
    "planted",
    "play",
    "truth",
]
