"""`factors` of the `report/1` document: what each factor does on each metric.

A list, one a metric: `metric`, `role`, `weights` (`equal` or `observed`; of posts `overlap`, each by its chance of the
other level), `model` (`saturated` or `additive`), `family` (effects that share alpha), `adjusted` (by covariates),
`flagged` (cells where all viewers or none did), `untold` (interactions that the variants cannot tell), `effects`,
`trends` and `interactions`.

An effect: `factor`, `level`, `reference`, `given` {factor: level} (empty for a main effect), `reads`, `differs_by`,
`aliases`, and difference, lift, statistic, p, critical, standard_error, method as of a comparison. A trend: `slope`, an
effect per second, and `lack_of_fit_p`. An interaction: `factors`, `df`, `statistic`, `p`, `p_adjusted`, `found`,
`odds_p`, `aliases`, `parts` [{levels, difference}], `means` [{levels, value}] and, where it was found,
`simple` effects.
"""

from __future__ import annotations

from abstory.report.page import Page
from abstory.report.plain.values import Plain, effect, estimate, known
from abstory.results import FactorEffect, FactorResult, Interaction, Trend


def factors(page: Page) -> list[Plain]:
    """Every metric that the page shows; empty where the variants differ in one factor only."""
    shown = (one for one in page.result.factors if not page.only or one.outcome.metric.name in page.only)
    return [_metric(one) for one in shown]


def _metric(told: FactorResult) -> Plain:
    return {
        "metric": told.outcome.metric.name,
        "role": told.outcome.role.value,
        "weights": told.weights,
        "model": told.model,
        "family": told.family,
        "adjusted": told.adjusted,
        "flagged": list(told.flagged),
        "untold": [list(term) for term in told.untold],
        "effects": [_effect(one) for one in told.effects],
        "trends": [_trend(one) for one in told.trends],
        "interactions": [_interaction(one) for one in told.interactions],
    }


def _effect(told: FactorEffect) -> Plain:
    return {
        "factor": told.factor,
        "level": told.level,
        "reference": told.reference,
        "given": dict(told.given),
        "reads": told.reads.value,
        "differs_by": list(told.differs_by),
        "aliases": [list(term) for term in told.aliases],
        **effect(told.effect),
    }


def _trend(told: Trend) -> Plain:
    return {"slope": _effect(told.slope), **known("lack_of_fit_p", told.lack_of_fit)}


def _interaction(told: Interaction) -> Plain:
    return {
        "factors": list(told.factors),
        "df": told.df,
        **known("statistic", told.statistic),
        "p": told.p_value,
        "p_adjusted": told.p_adjusted,
        "found": told.found,
        "odds_p": told.odds_p,
        "aliases": [list(term) for term in told.aliases],
        "parts": [{"levels": dict(part.levels), **estimate("difference", part.estimate)} for part in told.parts],
        "means": [{"levels": dict(mean.levels), **known("value", mean.value)} for mean in told.means],
        "simple": [_effect(one) for one in told.simple],
    }
