"""The page of methods and the code say the same: modules, reasons, choices, checks, and what is wired in."""

import ast
import itertools
import re
from importlib import import_module
from pathlib import Path
from typing import get_args

import pytest

from abstory.experiment import Analysis
from abstory.experiment.clauses import NAMED
from abstory.experiment.looks import CHOICES, GroupSequential
from abstory.stats.estimate import Reason

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "abstory"
PAGE = (ROOT / "docs" / "methods.md").read_text(encoding="utf-8")
MODULES = {path.stem for path in (SOURCE / "stats").glob("*.py")} - {"__init__"}
BUILT_UPON = {"moments", "estimate", "intervals", "tails", "binomial", "roots"}


def section(heading):
    """From a heading to the next one of any depth."""
    return re.split(r"^#+ ", PAGE.partition(f" {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]


def rows(heading):
    """Cells of a section's table, without its head."""
    lines = [line for line in section(heading).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def coded(cell):
    return re.findall(r"`([^`]+)`", cell)


METHODS = [(coded(row[2]), row[3].split(", ")) for row in rows("At a glance")]
NAMES = sorted({name for names, _ in METHODS for name in names})


def imported(path):
    """Modules of abstory.stats that a file imports, whether at its top or inside a function."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "abstory.stats":
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("abstory.stats."):
            yield node.module.removeprefix("abstory.stats.")


OUTSIDE = [path for path in SOURCE.rglob("*.py") if path.parent.name != "stats"]
SPOKEN = "\n".join(path.read_text(encoding="utf-8") for path in OUTSIDE)


def reached():
    """Modules of abstory.stats that a command can come to."""
    found, new = set(), {name for path in OUTSIDE for name in imported(path)}
    while new:
        found |= new
        new = {name for known in new for name in imported(SOURCE / "stats" / f"{known}.py")} - found
    return found


REACHED = reached()


def test_every_module_of_stats_is_on_the_page_and_no_other():
    assert {name.partition(".")[0] for name in NAMES} | BUILT_UPON == MODULES
    assert all(f"`{name}`" in PAGE for name in BUILT_UPON)


def test_every_function_named_exists():
    dotted = [name.split(".") for name in coded(PAGE) if re.fullmatch(r"[a-z_]+\.[a-z_A-Z]+", name)]
    ours = [(module, name) for module, name in dotted if module in MODULES]
    assert len(ours) > 10
    assert [pair for pair in ours if not hasattr(import_module(f"abstory.stats.{pair[0]}"), pair[1])] == []


@pytest.mark.parametrize(("names", "users"), METHODS, ids=" ".join)
def test_what_is_said_to_be_in_use_is_and_nothing_else(names, users):
    assert set(users) <= {"report", "gate", "power", "simulate", "library"}
    for module, _, function in (name.partition(".") for name in names):
        # What a method in use is made of is reached through its module, a lone function only by its name.
        spoken = bool(function and re.search(rf"\b{function}\b", SPOKEN))
        wired = spoken if users == ["library"] and function else module in REACHED
        assert wired is (users != ["library"])


def test_what_is_of_the_library_only_is_said_to_be():
    alone = [name for names, users in METHODS if users == ["library"] for name in names if "." not in name]
    assert set(alone) == MODULES - REACHED


def test_every_reason_for_no_number_is_explained():
    assert [name for row in rows("What is not known") for name in coded(row[0])] == [reason.value for reason in Reason]


def test_every_correction_is_explained():
    told = [name for row in rows("Several variants") for name in coded(row[0])]
    assert sorted(told) == sorted(get_args(Analysis.model_fields["multiplicity"].annotation))


@pytest.mark.parametrize(
    ("choices", "heading"),
    [
        (CHOICES[:1], "Looking every day: always valid"),
        (CHOICES[1:2], "Looking once: fixed"),
        (CHOICES[2:], "Looking at planned moments: group sequential"),
        (
            get_args(GroupSequential.model_fields["spending"].annotation),
            "Looking at planned moments: group sequential",
        ),
        (NAMED, "Verdicts"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_choice_of_the_file_is_explained(choices, heading):
    assert [choice for choice in choices if not re.search(rf"\b{choice}\b", section(heading))] == []


def check_names():
    """First arguments of what makes a check of data quality."""
    for path in (SOURCE / "quality").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and getattr(node.func, "id", "") in {"Check", "counted", "_found"}
                and node.args
            ):
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    yield first.value


def test_every_check_of_the_data_is_explained():
    assert {name for row in rows("Other checks of the data") for name in coded(row[0])} == set(check_names())


def test_every_section_says_whether_it_is_wired_in():
    silent = {
        heading
        for heading in re.findall(r"^##+ (.+)$", PAGE, re.MULTILINE)
        if not re.search(r"[Ii]n use by|not used by the\s+report|FAIL|`abstory ", section(heading))
    }
    rules = {"One statistic, one critical value", "Who is counted, and when", "What is not known"}
    assert silent == rules | {"How often it errs: calibration, simulation"}


def test_links_to_the_page_lead_to_a_heading():
    headings = re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    linked = [re.findall(r"methods\.md#([^)]+)\)", page.read_text(encoding="utf-8")) for page in pages]
    assert {*itertools.chain.from_iterable(linked), *re.findall(r"\]\(#([^)]+)\)", PAGE)} <= anchors


def test_the_code_on_the_page_runs():
    found = {}
    for block in re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE):
        exec(block, found)  # noqa: S102 (our own page)
    assert len(found["effects"]) == len(found["effects"].columns.p_value) == 6
