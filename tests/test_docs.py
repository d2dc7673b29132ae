"""The guides run: every command shown is executed, every output shown is what it printed.

A guide is a project folder of its own and is run from top to bottom. In a ```console block, lines after `$ ` are
typed, the others are the output; a line `...` stands for any lines. `<!-- file: NAME -->` before a block writes it to
NAME, `<!-- from: NAME -->` holds it to that file of the repository and has it at hand under that name, `<!-- skip -->`
leaves it alone. `make docs` writes outputs and such blocks anew.
"""

import ast
import contextlib
import io
import itertools
import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest

from abstory import experiment as declared
from abstory import metrics
from abstory.cli.main import COMMANDS, root, run
from abstory.metrics.totals import TOTALS
from abstory.report.schema import SCHEMAS

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
GUIDES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
BLOCK = re.compile(
    r"(?:^<!-- (?P<note>[^\n]+?) -->\n)?^```(?P<language>\w+)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class Step:
    """One typed line with the lines that follow it."""

    typed: str
    shown: tuple[str, ...]


def steps(body):
    lines = body.splitlines()
    starts = [at for at, line in enumerate(lines) if line.startswith("$ ")]
    for start, end in itertools.pairwise([*starts, len(lines)]):
        yield Step(lines[start][2:], tuple(lines[start + 1 : end]))


class Shell:
    """As much of a shell as the guides use, in one folder; `abstory` runs in this process."""

    def __init__(self, folder):
        self.folder = folder
        self.code = 0

    def type(self, line):
        words = shlex.split(line)
        if words[0] == "abstory":
            return self.abstory(words[1:])
        return getattr(self, words[0])(*words[1:])

    def abstory(self, arguments):
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
        with contextlib.chdir(self.folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            self.code = run(arguments)
        return out.buffer.getvalue().decode()

    def keep(self, name, text):
        target = self.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def echo(self, *words):
        return " ".join(words).replace("$?", str(self.code)) + "\n"

    def cat(self, name):
        return (self.folder / name).read_text(encoding="utf-8")

    def head(self, count, name):
        return "".join(self.cat(name).splitlines(keepends=True)[: int(count.removeprefix("-"))])

    def ls(self, *names):
        found = [path.name for name in names or ["."] for path in (self.folder / name).iterdir()]
        return "\n".join(sorted(found)) + "\n"

    def cd(self, name):
        self.folder = self.folder / name
        return ""

    def mkdir(self, name):
        (self.folder / name).mkdir()
        return ""

    def python(self, *words):
        ran = subprocess.run([sys.executable, *words], cwd=self.folder, capture_output=True, text=True, check=True)
        return ran.stdout


AGE = re.compile(r"\b(events|newest data) (?:new|[\d.,]+ \w+ old)")
DATE = re.compile(r"20\d\d-\d\d-\d\d(?: \d\d:\d\d UTC)?")


def plain(line):
    """A line without what a clock decides: the age of the data, and today's dates."""
    return DATE.sub("DATE", AGE.sub(r"\1 new", line.rstrip()))


def matches(shown, printed):
    """Whether the shown lines are the printed ones; `...` stands for any lines."""
    pattern = "\n".join(r"(?:.*\n)*?.*" if line == "..." else re.escape(plain(line)) for line in shown)
    return re.fullmatch(pattern, "\n".join(map(plain, printed))) is not None


def play(text, folder):
    """Run a guide; gives the text with every output as it was printed, and the outputs that differ."""
    shell, differences, pieces, done = Shell(folder), [], [], 0
    for block in BLOCK.finditer(text):
        note, body = block["note"] or "", block["body"]
        if note == "skip":
            continue
        if note.startswith("from: "):
            kept = (ROOT / note.removeprefix("from: ")).read_text(encoding="utf-8")
            differences += [] if kept == body else [(note, kept)]
            pieces += [text[done : block.start("body")], kept]
            done = block.end("body")
            shell.keep(note.removeprefix("from: "), kept)
            continue
        if note.startswith("file: "):
            shell.keep(note.removeprefix("file: "), body)
        elif block["language"] == "python":
            with contextlib.chdir(shell.folder):
                exec(compile(body, "guide", "exec"), {"__name__": "guide"})  # noqa: S102 the guides are ours
        elif block["language"] == "console":
            pieces += [text[done : block.start("body")], "".join(typed(shell, body, differences))]
            done = block.end("body")
    return "".join([*pieces, text[done:]]), differences


def typed(shell, body, differences):
    for step in steps(body):
        printed = tuple(shell.type(step.typed).rstrip("\n").splitlines())
        same = matches(step.shown, printed)
        if not same or shell.code == 1:
            differences.append((step.typed, "\n".join(printed)))
        kept = step.shown if same else printed
        yield "\n".join([f"$ {step.typed}", *(line.rstrip() for line in kept)]) + "\n"


def open_bandit(folder, clicks):
    """The published counts as files of the published form: 10,000 impressions a policy, clicks spread over the week."""
    for policy, clicked in clicks.items():
        path = folder / "obd" / policy / "men" / "men.csv"
        path.parent.mkdir(parents=True)
        start = datetime(2019, 11, 24, tzinfo=UTC)
        rows = (
            f"{start + timedelta(seconds=604_761 * number // 9_999)},{number % 34},{int(number * clicked % 10_000 < clicked)}"
            for number in range(10_000)
        )
        path.write_text("timestamp,item_id,click\n" + "\n".join(rows) + "\n", encoding="utf-8")


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_guide_runs_and_prints_what_it_shows(guide, tmp_path, request):
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    open_bandit(tmp_path, {"random": 46, "bts": 69})
    text, differences = play(guide.read_text(encoding="utf-8"), tmp_path)
    if request.config.getoption("--update-docs"):
        guide.write_text(text, encoding="utf-8")
    else:
        assert not differences, "\n\n".join(f"$ {line}\n{printed}" for line, printed in differences)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(guide):
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", guide.read_text(encoding="utf-8")):
        assert target.startswith("https://") or (guide.parent / target).exists(), target


def test_every_page_has_its_place_on_the_site():
    """`zensical.toml` has a line for each page; building the site fails for one that is not there."""
    listed = re.findall(r'= "([\w/-]+\.md)"', (ROOT / "zensical.toml").read_text(encoding="utf-8"))
    assert sorted(listed) == sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))


def test_open_bandit_gives_the_published_p(tmp_path):
    """46 v 69 of 10,000: statsmodels' score test of a difference of 0 (Miettinen & Nurminen) beside it."""
    from statsmodels.stats.proportion import test_proportions_2indep

    open_bandit(tmp_path, {"random": 46, "bts": 69})
    shutil.copytree(ROOT / "examples" / "open-bandit", tmp_path, dirs_exist_ok=True)
    shell = Shell(tmp_path)
    shell.type("python convert.py obd/random/men/men.csv obd/bts/men/men.csv")
    shell.type("abstory ingest exposures.csv events.csv")
    document = json.loads(shell.type("abstory report open-bandit-men --as-of 2019-12-02 --json"))
    (comparison,) = document["metrics"][0]["comparisons"]
    peer = test_proportions_2indep(69, 10_000, 46, 10_000, method="score", compare="diff", correction=True)
    assert comparison["p"] == pytest.approx(peer.pvalue, rel=1e-9)
    assert round(comparison["p"], 4) == 0.0315
    assert comparison["reads"] == "better"


def test_kuairand_rows_become_what_the_guide_says(tmp_path):
    """Hand-made rows of KuaiRand's form: a loop, an unknown length, one seen to the end, one left, signals."""
    (tmp_path / "log.csv").write_text(
        "user_id,video_id,time_ms,play_time_ms,duration_ms,is_like,is_follow,is_comment,is_forward,is_hate\n"
        "1,10,1649416955767,30000,12000,1,0,0,0,0\n"
        "1,11,1649416999000,5000,0,0,0,0,0,0\n"
        "2,10,1649417000000,12000,12000,0,1,1,0,0\n"
        "2,12,1649417100000,11999,12000,0,0,0,1,1\n",
        encoding="utf-8",
    )
    (tmp_path / "assigned.csv").write_text("viewer_id,variant,reason\n1,a,assigned\n2,b,assigned\n", encoding="utf-8")
    shell = Shell(tmp_path)
    script = ROOT / "examples" / "kuairand" / "convert.py"
    shell.type(f"python {script} viewers log.csv")
    assert shell.cat("viewers.csv").split() == ["viewer_id", "1", "2"]
    shell.type(f"python {script} log log.csv assigned.csv")
    assert shell.cat("exposures.csv").split()[1:] == [
        "kuairand-aa,1,a,2022-04-08T11:22:35.767+00:00",
        "kuairand-aa,2,b,2022-04-08T11:23:20.000+00:00",
    ]
    told = [line.split(",") for line in shell.cat("events.csv").split()[1:]]
    assert [(viewer, video, event, watch) for viewer, video, event, _, watch in told] == [
        ("1", "10", "view", "12000"),
        ("1", "10", "complete", ""),
        ("1", "10", "looped", ""),
        ("1", "10", "like", ""),
        ("1", "11", "view", "5000"),
        ("1", "11", "unknown_length", ""),
        ("2", "10", "view", "12000"),
        ("2", "10", "complete", ""),
        ("2", "10", "follow", ""),
        ("2", "10", "comment", ""),
        ("2", "12", "view", "11999"),
        ("2", "12", "share", ""),
        ("2", "12", "hide", ""),
    ]


def command_pages():
    yield "# Commands\n\nWritten by `make docs` from the commands' own help; the exit codes are in [gate.md](gate.md).\n"
    context = root.make_context("abstory", [], resilient_parsing=True, terminal_width=80)
    yield f"\n```text\n{root.get_help(context)}\n```\n"
    for name in COMMANDS:
        command = root.get_command(context, name)
        shown = command.get_help(click.Context(command, parent=context, info_name=name, terminal_width=80))
        yield f"\n## abstory {name}\n\n```text\n{shown}\n```\n"


def test_the_commands_page_is_the_help(request):
    page, written = DOCS / "commands.md", "".join(command_pages())
    if request.config.getoption("--update-docs"):
        page.write_text(written, encoding="utf-8")
    assert page.read_text(encoding="utf-8") == written


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_published_schema_is_ours(name, request):
    path = DOCS / "reference" / f"{name}-1.schema.json"
    written = json.dumps(SCHEMAS[name](), indent=2, sort_keys=True) + "\n"
    if request.config.getoption("--update-docs"):
        path.write_text(written, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == written


def house():
    """Packages and modules from the ground up, as the import contracts order them."""
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ][0]
    for layer in reversed(contract["layers"]):
        yield [name.strip().removeprefix("abstory.") for name in layer.split("|")]


def first_line(path):
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))).partition("\n")[0]


def map_of_modules():
    source = ROOT / "src" / "abstory"
    for name in [*itertools.chain.from_iterable(house()), "__main__"]:
        if (path := source / f"{name}.py").exists():
            yield f"- `{name}.py` {first_line(path)}"
            continue
        yield f"- **`{name}/`** {first_line(source / name / '__init__.py')}"
        for path in sorted((source / name).rglob("*.py")):
            if path.name != "__init__.py":
                yield f"  - `{path.relative_to(source).as_posix()}` {first_line(path)}"


def floors():
    floor = [" · ".join(f"`{name}`" for name in names) for names in house()]
    yield from (f"{number}. {names}" for number, names in enumerate(floor, 1))


@pytest.mark.parametrize(("mark", "lines"), [("floors", floors), ("map", map_of_modules)])
def test_the_map_of_the_house_is_the_house(mark, lines, request):
    page = ROOT / "ARCHITECTURE.md"
    before, rest = page.read_text(encoding="utf-8").split(f"<!-- {mark} -->\n")
    drawn, after = rest.split(f"<!-- /{mark} -->")
    written = "".join(f"{line}\n" for line in lines())
    if request.config.getoption("--update-docs"):
        page.write_text(f"{before}<!-- {mark} -->\n{written}<!-- /{mark} -->{after}", encoding="utf-8")
    else:
        assert drawn == written


def rows_of(page, heading):
    """Names in the first column of the table under a heading."""
    section = (DOCS / page).read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| `([^`]+)` ", section, re.MULTILINE)


@pytest.mark.parametrize(
    ("heading", "model"),
    [
        ("The file", declared.Experiment),
        ("A story", declared.Story),
        ("schedule", declared.Schedule),
        ("audience", declared.Audience),
        ("traffic", declared.Traffic),
        ("metrics", declared.Metrics),
        ("A metric", declared.MetricUse),
        ("define", declared.Definition),
        ("analysis", declared.Analysis),
        ("decision", declared.Decision),
    ],
)
def test_every_field_of_the_file_is_told(heading, model):
    assert sorted(rows_of("experiment-file.md", heading)) == sorted(model.model_fields)


def test_every_built_in_metric_is_told():
    told = set(rows_of("experiment-file.md", "Built-in metrics"))
    assert told == set(metrics.BUILT_IN) | {"watched_<t>s", "watch_seconds_to_<t>s"}


def test_every_event_is_told():
    assert set(rows_of("ingest.md", "Events")) == set(metrics.EVENTS)


def test_every_total_is_told():
    assert rows_of("ingest.md", "Posts and totals") == list(TOTALS)
