"""From an analysed result to what to do: the verdict of the declared rule, and the gate's answer for a pipeline."""

from abstory.decision.gate import gate
from abstory.decision.ruling import decide, decide_for

__all__ = ["decide", "decide_for", "gate"]
