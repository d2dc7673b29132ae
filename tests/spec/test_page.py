"""docs/experiment-file.md says of every field what the types say: its choices, its default; and its examples are valid."""

import enum
import re
import types
import typing
from pathlib import Path

import pytest

from abstory import experiment as declared
from abstory.metrics import BUILT_IN, SLOT_METRICS, built_in
from abstory.spec import check_bytes

TEXT = (Path(__file__).parent.parent.parent / "docs" / "experiment-file.md").read_text(encoding="utf-8")
MODELS = {
    "The file": declared.Experiment,
    "A story": declared.Story,
    "A variant": declared.Variant,
    "schedule": declared.Schedule,
    "audience": declared.Audience,
    "traffic": declared.Traffic,
    "calendar": declared.Calendar,
    "metrics": declared.Metrics,
    "A metric": declared.MetricUse,
    "define": declared.Definition,
    "A side of a ratio": declared.Counted,
    "analysis": declared.Analysis,
    "decision": declared.Decision,
}
NOT_WRITTEN = {("A variant", "name"), ("A variant", "creative")}
"""What the file says by the place of the variant, not in a field."""
FIELDS = [
    (heading, name) for heading, m in MODELS.items() for name in m.model_fields if (heading, name) not in NOT_WRITTEN
]


def rows(heading):
    """First column to the others, of the table under a heading."""
    section = TEXT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = (line.strip("|").split("|") for line in section.splitlines() if line.startswith("| `"))
    return {first.strip().strip("`"): [cell.strip() for cell in others] for first, *others in lines}


def as_written(model, field):
    return "required" if field.is_required() else spelt(field.default, in_points=model is declared.Traffic)


def spelt(value, *, in_points):
    match value:
        case None | () | {}:
            return "none"
        case declared.Duration(text=plain) | enum.Enum(value=plain):
            return f"`{plain}`"
        case bool():
            return f"`{str(value).lower()}`"
        case float():
            return f"`{value:.0%}`"
        case str() | int():
            return f"`{value / 10_000:.0%}`" if in_points else f"`{value}`"
    return "see below"


def choices(annotation):
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return {one.value for one in annotation}
    if typing.get_origin(annotation) is typing.Literal:
        return {str(one) for one in typing.get_args(annotation)}
    if typing.get_origin(annotation) in {types.UnionType, typing.Union, typing.Annotated}:
        return set().union(*map(choices, typing.get_args(annotation)))
    return set()


@pytest.mark.parametrize("heading", MODELS)
def test_every_field_has_its_row_and_no_other(heading):
    assert [(heading, name) for name in rows(heading)] == [one for one in FIELDS if one[0] == heading]


@pytest.mark.parametrize(("heading", "name"), FIELDS)
def test_the_default_is_the_types_own(heading, name):
    model = MODELS[heading]
    assert rows(heading)[name][1] == as_written(model, model.model_fields[name])


@pytest.mark.parametrize(("heading", "name"), FIELDS)
def test_the_choices_are_the_types_own(heading, name):
    wanted = choices(MODELS[heading].model_fields[name].annotation)
    assert set(re.findall(r"`([^`]+)`", rows(heading)[name][0])) == wanted


@pytest.mark.parametrize(("heading", "name"), FIELDS)
def test_every_field_says_what_it_means(heading, name):
    assert len(rows(heading)[name]) == 3
    assert rows(heading)[name][2]


def test_the_built_in_metrics_are_those_of_the_code():
    told = rows("Built-in metrics")
    assert told.keys() == {*BUILT_IN, "watched_<t>s", "watch_seconds_to_<t>s"}
    for name, (kind, good, _) in told.items():
        metric = built_in(name.replace("<t>", "12"))
        assert (kind, good) == (metric.kind, metric.direction)


def test_the_metrics_of_posts_are_those_of_the_code():
    section = TEXT.partition("\n## Metrics of posts\n")[2].partition("\n## ")[0]
    told = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("| `")]
    good = {name: cells[1].strip() for cells in told for name in re.findall(r"`(\w+)`", cells[0])}
    assert good == {name: str(metric.direction) for name, metric in SLOT_METRICS.items()}


@pytest.mark.parametrize("part", re.findall(r"^```yaml\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL))
def test_the_examples_are_valid(part, whole):
    experiment, found = check_bytes(whole(part).encode(), "a.yaml")
    assert experiment is not None
    assert all(one.severity == "warning" for one in found)
