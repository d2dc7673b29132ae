"""The house is what ARCHITECTURE.md says, its parts stay small, and help stays fast."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from abstory.cli.main import COMMANDS, root

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "abstory"
MODULES = sorted(path for path in SOURCE.rglob("*.py") if path.name != "__init__.py")
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in SOURCE.rglob("*.py")}
FUNCTIONS = [
    (path, node)
    for path, tree in TREES.items()
    for node in ast.walk(tree)
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
]


def tracked():
    """Text files that a clone would hold; those not yet added count too."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if listed.returncode:
        pytest.skip("not a git work tree")
    return [path for name in listed.stdout.splitlines() if (path := ROOT / name).is_file()]


def test_the_map_names_every_module_and_no_other():
    drawn = re.findall(r"^ *- `([\w/]+\.py)`", (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(drawn) == sorted(str(path.relative_to(SOURCE).as_posix()) for path in MODULES)


@pytest.mark.parametrize("path", TREES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_module_is_short_and_says_what_it_is(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400
    assert ast.get_docstring(TREES[path])


def test_functions_fit_one_glance():
    long = [(path.name, f.name) for path, f in FUNCTIONS if (f.end_lineno or 0) - f.lineno >= 40 + _decoration(f)]
    assert long == []


def _decoration(function):
    """Lines of a docstring: prose is read, not executed."""
    first = function.body[0]
    says = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    return first.end_lineno - first.lineno + 1 if says else 0


def test_functions_take_few_arguments():
    def count(function):
        named = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        return len([argument for argument in named if argument.arg not in {"self", "cls"}])

    # A command's parameters are its options; they are counted by its help page, not here.
    many = [(path.name, f.name, count(f)) for path, f in FUNCTIONS if count(f) > 6 and not _is_command(f)]
    assert many == []


def _is_command(function):
    return any("command" in ast.unparse(decorator) for decorator in function.decorator_list)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_a_page(name):
    command = root.get_command(click.Context(root), name)
    assert command is not None
    assert command.help
    assert all(option.help for option in command.params if isinstance(option, click.Option))
    assert f"\n## abstory {name}\n" in (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")


def loaded_by(*arguments):
    """Top-level packages in memory after a command."""
    code = (
        "import sys\nfrom abstory.cli.main import run\n"
        f"assert run({list(arguments)!r}) == 0\n"
        "print('\\nLOADED', *{name.partition('.')[0] for name in sys.modules})"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(ran.stdout.rpartition("LOADED")[2].split())


HEAVY = {"numpy", "scipy", "statsmodels", "duckdb", "polars", "pandas", "jinja2"}


def test_help_loads_nothing_heavy():
    assert not loaded_by("--help") & (HEAVY | {"rich", "pydantic", "ruamel"})


@pytest.mark.parametrize(
    "command", [("validate",), ("assign", "cta-button", "viewer-1", "--dry-run")], ids=lambda c: c[0]
)
def test_validate_and_assign_load_no_statistics_and_no_engine(command):
    assert not loaded_by("-C", str(ROOT), *command) & HEAVY


FORBIDDEN = re.compile(
    "|".join(("pypi" + r"\.org", "python" + "hosted", r"(?<![\w.])/(?:work|ro" + "ot|ho" + r"me)/", "file:" + "///"))
)


def test_no_file_names_a_registry_or_a_machine():
    named = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked()
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="ignore").splitlines(), 1)
        if FORBIDDEN.search(line)
    ]
    assert named == []


def test_constraints_pin_everything_exactly():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in pins)
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {
        re.split(r"[><=\[ ;]", text)[0] for text in (*project["dependencies"], *project["optional-dependencies"]["dev"])
    }
    canonical = {re.sub(r"[-_.]+", "-", line.split("==")[0]).lower() for line in pins}
    assert {re.sub(r"[-_.]+", "-", name).lower() for name in wanted} <= canonical
