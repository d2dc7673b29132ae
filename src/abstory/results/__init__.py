"""What an analysis found: frozen values that know nothing of how they are shown."""

from abstory.results.airtime import Accrual, Accrued, Airtime
from abstory.results.comparison import Comparison, MetricResult, Reads
from abstory.results.daily import Daily, DayEffect
from abstory.results.data import ArmCount, Check, Status
from abstory.results.experiment import ExperimentResult, crossed
from abstory.results.factors import CellMean, FactorEffect, FactorResult, Interaction, Part, Trend
from abstory.results.fatigue import AtExposure, ByExposure, Fading
from abstory.results.frames import NO_WORD, FrameContrast, FrameFunnel, FrameResult
from abstory.results.method import AsOf, Look, Looking, Method
from abstory.results.posted import Fate, PostedSlot
from abstory.results.retention import Curve, Lasting, Retention, Second
from abstory.results.segments import Differing, Segmented, SegmentedMetric, SegmentResult, Segments
from abstory.results.stories import AcrossStories, StoryEffect
from abstory.results.verdict import GateCheck, GateOutcome, GateReport, Require, Ruling, Verdict

__all__ = [
    "NO_WORD",
    "Accrual",
    "Accrued",
    "AcrossStories",
    "Airtime",
    "ArmCount",
    "AsOf",
    "AtExposure",
    "ByExposure",
    "CellMean",
    "Check",
    "Comparison",
    "Curve",
    "Daily",
    "DayEffect",
    "Differing",
    "ExperimentResult",
    "FactorEffect",
    "FactorResult",
    "Fading",
    "Fate",
    "FrameContrast",
    "FrameFunnel",
    "FrameResult",
    "GateCheck",
    "GateOutcome",
    "GateReport",
    "Interaction",
    "Lasting",
    "Look",
    "Looking",
    "Method",
    "MetricResult",
    "Part",
    "PostedSlot",
    "Reads",
    "Require",
    "Retention",
    "Ruling",
    "Second",
    "SegmentResult",
    "Segmented",
    "SegmentedMetric",
    "Segments",
    "Status",
    "StoryEffect",
    "Trend",
    "Verdict",
    "crossed",
]
