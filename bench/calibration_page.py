"""The page that calibration.py writes: what each column means, then the tables."""

import math

FEWEST = 20
"""Of fewer experiments than this a share says nothing."""

HEAD = """# Calibration

How often every method errs when the truth is known. Written by `make calibration` (`bench/calibration.py`), seeded:
running it again gives this page again. Each row draws experiments from a known truth and counts.

- **false positives**: of experiments without any effect, those read as different (p < 0.05). Promised: 5 %.
- **difference**, **lift**: of experiments with an effect, those whose 95 % interval holds the true difference, and the
  true lift, where there is an interval. Promised: 95 %.
- **not known**: experiments answered Undetermined, with a reason, in place of a number; **no lift**: those whose lift
  is (control too near zero, such as no success at all).
- **R** experiments a row. ± is the Monte Carlo error √(r(1 − r)/R), in points.
- tea-tasting {tea} and gbstats {gb} answer the very same experiments by their own defaults, two-sided at 5 %: in each
  cell false positives / coverage of the difference / coverage of the lift, in per cent; – is no answer. tea-tasting
  gives no interval for a proportion below 1,000 viewers.
- **ok**: 5 % and 95 % lie inside the 99.9 % Clopper-Pearson interval of what was counted, or are kept with room to
  spare. **within 1 point**: not quite, but what was counted is at most 6 %, and at least 94 %. **weak**: not even that,
  in a case that nothing is promised for. **BROKEN**: not even that, though it is promised.

"""

PROPORTIONS = """## Proportions: score (Miettinen-Nurminen), exact companion for small counts

One look, at the end. Promised where each variant can expect 5 of either outcome. Below that, with fewer than 20 viewers
in a variant or fewer than 80 in both, the more cautious of the score and the exact test speaks: false positives stay
far below 5 %, for small counts have no levels in between to offer, and an interval may cover 1 or 2 points too little.
Counts being whole numbers, error and coverage of small variants jump by some tenths of a point around the promise.

"""

MEANS = """## Means: Welch for the difference, Fieller for the lift

One look, at the end. Where a few viewers make all of a mean, as with tails like σ = 2, and variants are of unequal
size, no interval made of means and variances holds: it is withheld there, as [too
skewed](methods.md#too-skewed-for-its-mean), beside what others answer. With equal variants such tails only make the
test too cautious.

"""

RATIOS = """## Ratios of sums: delta method by viewer, Fieller for the lift

One look, at the end. Complete views by views, each viewer with a chance of their own to complete one.

"""

ONE_LOOK = {"proportion": PROPORTIONS, "mean": MEANS, "ratio": RATIOS}


def page(found):
    """The whole page, or the sections that there are."""
    parts = [HEAD.format(tea="1.14", gb="0.8.0")]
    for kind, title in ONE_LOOK.items() if "one look" in found else ():
        parts += [title, compared(found["one look"][kind]), "\n"]
    for name, (title, laid) in tables().items():
        if name in found:
            parts += [title, laid(found[name]), "\n"]
    return "".join(parts).rstrip() + "\n"


def tables():
    """Every other section in its order: what is said before its table, and how that is laid out."""
    return {
        "skewness": (SKEWNESS, lambda rows: counted(rows, SKEW_COLUMNS)),
        "cut": (CUT, compared),
        "quantiles": (QUANTILES, compared),
        "covariates": (COVARIATES, compared),
        "peeking": (PEEKING, peeked),
        "planned": (PLANNED, lambda rows: peeked(rows, peers=False)),
        "designs": (DESIGNS, played),
        "families": (FAMILIES, lambda rows: counted(rows, FAMILY_COLUMNS)),
        "slots": (SLOTS, slotted),
        "splits": (SPLITS, lambda rows: counted(rows, SPLIT_COLUMNS)),
    }


PEEKING = """## Looking again and again: always valid

The default reading, looked at in equal steps. **ever wrong**: experiments without an effect in which any look shows
one; promised at most 5 %, over all looks together. **difference**, **lift**: experiments with an effect in which no
look's interval ever missed it; promised at least 95 %. **fixed, as often**: for contrast, a test meant for one look,
read at every look of the same experiments: this is what peeking costs. gbstats: its sequential test with its default
tuning, on the first tenth of the experiments.

`abstory simulate KEY` shows the same for a design of your own: its lines "wrong at any daily look" and "a fixed test
read daily, for contrast".

"""

DESIGNS = """## Whole designs

A file with one primary metric (`watched_12s`, MDE 10 %, 4,000 viewers a variant), one secondary and one guardrail, as
`abstory simulate KEY` plays it: each day's data through analysis and decision, stopped at the first verdict. **shown**:
the primary's last interval excludes 0: false positives without an effect, else the power. **ever wrong**: its interval
missed the truth at any daily look; promised at most 5 %. **fixed, daily**: a test meant for one look rejects on some
day, for contrast. The day is that by which half of the runs had their verdict.

"""

FAMILIES = """## Several treatments

Experiments in which any of several treatments that are not different from control reads as different at one look;
where some are better, the others are counted. Promised with each of Dunnett (the default at a fixed horizon),
Bonferroni, Holm and Hochberg: at most 5 %. The first column is without any.

"""

SKEWNESS = """## Too skewed: what withholding does

Means of one law in both variants, at one look: how often Welch's test errs by itself, how often it errs where the rule
of [skewness](methods.md#too-skewed-for-its-mean) withholds what it withholds, and how much that is. Promised: at most
6 %, that is 1.2 times the nominal 5 %.

"""

COVARIATES = """## Covariates: Lin's regression

One look, at the end; one covariate. gbstats and tea-tasting answer by CUPED, with one slope for both variants. Unequal
slopes: the treatment changes how much the covariate tells, on average it changes nothing.

"""

QUANTILES = """## Quantiles of views: Woodruff, by viewer

One look, at the end: watch time of 1 to 5 views a viewer, exponential around a patience of each viewer's own.

"""

CUT = """## Winsorised means

One look, at the end; 90 % zeros, rest lognormal σ 2, as above, cut at a quantile of both variants' values above 0. The
truth is that of both populations cut at their own quantile.

"""

PLANNED = """## Planned looks: group sequential

**ever wrong**: experiments without an effect in which any of the planned looks shows one; promised at most 5 %, over
all looks together. **difference**, **lift**: experiments with an effect in which no look's interval ever missed it;
promised at least 95 %. **fixed, as often**: for contrast, a test meant for one look.

"""

SLOTS = """## Posts of a calendar: drawing it again

A calendar of posts, drawn anew in each experiment and read once, at its end, as `abstory simulate KEY` plays it, with
4,999 draws. Reach is lognormal (σ 1, median 2,000: on average 4,100 views a post), completion beta-binomial with an
ICC of 0.03 where nothing else is said; of several variants the first is compared. False positives are at most 5 % by
the draw alone, whatever posts are like; p moves in steps, which are large where posts are few.

Beside it, in each cell false positives / coverage of the difference / coverage of the lift. **all views, z**: the
score test of all views of either variant, as if each were a viewer; tea-tasting and gbstats put to the same views.
Views of one post go together: 4,100 of them with a correlation of 0.03 have 11 times the error of independent ones, and
almost every experiment without an effect looks significant. **posts, Welch**: the posts' values, without blocks.

Intervals assume one shift, or one factor, in every post, which what is planted is only nearly. Nothing is promised of
the difference of impressions, whose mean a few viral posts make.

"""

SPLITS = """## Sample ratio mismatch

Alarms about a split that is as declared. Promised: at most 0.1 %, at one look (chi-square, exact for small counts) and
over all looks of a running experiment (sequential; a quarter of the experiments, 20 looks each).

"""

FAMILY_COLUMNS = {
    "none": ("no adjustment", None),
    "dunnett": ("Dunnett", 0.05),
    "bonferroni": ("Bonferroni", 0.05),
    "holm": ("Holm", 0.05),
    "hochberg": ("Hochberg", 0.05),
}
SKEW_COLUMNS = {"blind": ("without the rule", None), "error": ("with it", 0.06), "withheld": ("withheld", None)}
SLOT_COLUMNS = {"views": "all views, z", "welch": "posts, Welch", "tea": "tea-tasting", "gb": "gbstats"}
SPLIT_COLUMNS = {"one look": ("one look", 0.001), "any look": ("any of 20 looks", 0.001)}


def compared(rows):
    head = ("case", "R", "false positives", "difference", "lift", "not known", "no lift", "", "tea-tasting", "gbstats")
    return table(head, [_compared(row) for row in rows])


def _compared(row):
    s = row.shares
    return (
        row.name,
        f"{row.runs:,}",
        *(said(s[name]) for name in ("false", "difference", "lift")),
        percent(s["unknown"]),
        percent(s["no lift"]),
        word(row),
        peer(s, "tea"),
        peer(s, "gb"),
    )


def slotted(rows):
    own = ("false positives", "difference", "lift", "not known", "no lift", "")
    head = ("case", "R", *own, *SLOT_COLUMNS.values())
    return table(head, [(*_compared(row)[:8], *(peer(row.shares, who) for who in SLOT_COLUMNS)) for row in rows])


def peeked(rows, *, peers=True):
    head = ("case", "R", "ever wrong", "difference", "lift", "not known", "", "fixed, as often", "gbstats")
    columns = len(head) if peers else -1
    return table(head[:columns], [_peeked(row)[:columns] for row in rows])


def _peeked(row):
    s = row.shares
    return (
        row.name,
        f"{row.runs:,}",
        *(said(s[name]) for name in ("false", "difference", "lift")),
        percent(s["unknown"]),
        word(row),
        said(s["fixed"]),
        peer(s, "gb"),
    )


def played(rows):
    head = ("design", "R", "shown", "ever wrong", "fixed, daily", "SHIP", "KEEP", "REVIEW", "half by day", "")
    return table(head, [_played(row) for row in rows])


def _played(row):
    s = row.shares
    verdicts = (percent(s[name]) if name in s else "0" for name in ("SHIP", "KEEP", "REVIEW"))
    shown = (said(s[name]) for name in ("shown", "ever wrong", "fixed"))
    return (row.name, f"{row.runs:,}", *shown, *verdicts, row.note, "ok" if s["ever wrong"].keeps(0.05) else "BROKEN")


def counted(rows, columns):
    head = ("case", "R", *(title for title, _ in columns.values()), "")
    cells = []
    for row in rows:
        kept = all(row.shares[name].keeps(level) for name, (_, level) in columns.items() if level)
        digits = 2 if any(level and level < 0.01 for _, level in columns.values()) else 1
        shown = (said(row.shares[name], digits) for name in columns)
        cells.append((row.name, f"{row.runs:,}", *shown, "ok" if kept else "BROKEN"))
    return table(head, cells)


def word(row):
    """What became of the promise of 5 % and 95 %."""
    if kept(row):
        return "ok"
    if near(row):
        return "within 1 point"
    return "BROKEN" if row.supported else "weak"


def kept(row):
    """Whether false positives and both coverages keep their level, chance aside."""
    s = row.shares
    return s["false"].keeps(0.05) and all(s[name].keeps(0.95, most=False) for name in ("difference", "lift"))


def near(row):
    """Whether what was counted lies within a point of it."""
    s = row.shares
    return s["false"].value <= 0.06 and not any(s[name].value < 0.94 for name in ("difference", "lift"))


def said(share, digits=1):
    if share.of < FEWEST:
        return "–"
    return f"{100 * share.value:.{digits}f} ±{100 * share.error:.{digits + 1}f}"


def percent(share):
    value = 100 * share.value
    return "–" if math.isnan(value) else "0" if value == 0 else "<0.1" if value < 0.1 else f"{value:.1f}"


def peer(shares, who):
    cells = [shares.get(f"{who} {name}") for name in ("false", "difference", "lift")]
    if all(cell is None for cell in cells):
        return "–"
    return " / ".join("–" if cell is None or math.isnan(cell.value) else f"{100 * cell.value:.1f}" for cell in cells)


def table(head, rows):
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
