"""`abstory assign` from outside: one viewer or a file, recorded or not."""

import json
import subprocess
import sys

import duckdb
import pytest

FILE = """
version: 1
key: launch
traffic: {share: 60%}
audience: {include: {country: [DE]}}
variants:
  control: {cta: none, weight: 2}
  shop: {cta: shop_now, weight: 1}
metrics: {primary: completion_rate}
"""
DE = ("--attribute", "country=DE")


@pytest.fixture
def project(tmp_path):
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "launch.yaml").write_text(FILE, encoding="utf-8")
    return tmp_path


def run(project, *arguments):
    command = [sys.executable, "-m", "abstory", "assign", *arguments]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)


def exposures(project):
    with duckdb.connect(project / "abstory.duckdb", read_only=True) as connection:
        return connection.execute("SELECT experiment, viewer_id, variant FROM exposures").fetchall()


# The three viewers by sha256sum: h(launch/traffic, id) % 10000 and h(launch/variant, id) % 3, control being 0 and 1.


def by_hand(viewer):
    def digest(salt):
        text = subprocess.run(
            ["sha256sum"], input=f"{salt}:{viewer}", capture_output=True, text=True, check=True
        ).stdout
        return int(text[:13], 16)

    if digest("launch/traffic") % 10_000 >= 6_000:
        return None
    return "control" if digest("launch/variant") % 3 < 2 else "shop"


@pytest.mark.parametrize("viewer", ["1", "2", "5", "é"])
def test_one_viewer_is_assigned_and_recorded(project, viewer):
    done = run(project, "launch", viewer, *DE, "--json")
    said, variant = json.loads(done.stdout), by_hand(viewer)
    assert (done.returncode, said["variant"], said["recorded"]) == (0, variant, variant is not None)
    assert ((project / "abstory.duckdb").exists()) == said["recorded"]
    if said["recorded"]:
        assert exposures(project) == [("launch", viewer, variant)]
        assert "--dry-run" in done.stderr


def test_a_dry_run_records_nothing_and_is_plain_text(project):
    done = run(project, "launch", "5", *DE, "--dry-run")
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout.split()[0] in {"control", "shop", "no"}
    assert not (project / "abstory.duckdb").exists()


def test_explaining_shows_the_steps_and_records_nothing(project):
    lines = run(project, "launch", "5", *DE, "--explain").stdout.splitlines()
    assert lines[0] == "eligible  yes"
    assert lines[1].startswith("traffic   bucket ")
    assert run(project, "launch", "5", "--explain").stdout.splitlines() == [
        "eligible  no: attribute country is missing or does not match",
        "variant   no variant: not eligible",
    ]
    steps = json.loads(run(project, "launch", "5", *DE, "--explain", "--json").stdout)["steps"]
    assert steps["ranges"] == {"control": [0, 2], "shop": [2, 3]}
    assert not (project / "abstory.duckdb").exists()


def test_a_file_is_assigned_as_its_viewers_are_one_by_one(project):
    rows = "".join(f"{i},DE\n" for i in range(50))
    (project / "in.csv").write_text(f"viewer_id,country\n{rows},DE\nx,US\n", encoding="utf-8")
    done = run(project, "launch", "--input", "in.csv", "-o", "out.jsonl", "--json")
    assert done.returncode == 0
    lines = [json.loads(line) for line in (project / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(line["viewer_id"], line["variant"]) for line in lines] == [
        *((str(i), by_hand(str(i))) for i in range(50)),
        ("x", None),
    ]
    assert "in.csv:52: viewer id is empty; left out" in done.stderr
    assert json.loads(done.stdout)["rows"]["invalid_ids"] == 1
    assert sorted(exposures(project)) == sorted(
        ("launch", line["viewer_id"], line["variant"]) for line in lines if line["variant"]
    )


def test_a_file_in_a_dry_run_makes_no_database(project):
    (project / "in.csv").write_text("id,country\n1,DE\n", encoding="utf-8")
    assert (
        run(project, "launch", "--input", "in.csv", "-o", "out.parquet", "--id-column", "id", "--dry-run").returncode
        == 0
    )
    assert sorted(path.name for path in project.iterdir()) == ["experiments", "in.csv", "out.parquet"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["launch"], "name one VIEWER"),
        (["launch", "1", "--input", "in.csv"], "name one VIEWER"),
        (["launch", "--input", "in.csv"], "--input needs --output"),
        (["launch", "1", "-o", "out.csv"], "--output goes with --input"),
        (["launch", "1", "--attribute", "country"], "NAME=VALUE"),
        (["lunch", "1"], "no experiment is called lunch"),
        (["launch", ""], "viewer id is empty"),
        (["launch", "x" * 257], "viewer id has 257 bytes"),
        (["launch", "--input", "none.csv", "-o", "out.csv"], "none.csv is not a file"),
        (["launch", "--input", "in.csv", "-o", "out.txt"], ".parquet"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(project, arguments, said):
    (project / "in.csv").write_text("viewer_id,country\n1,DE\n", encoding="utf-8")
    done = run(project, *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(project.glob("out*"))


def test_a_dry_run_imports_no_engine_and_no_statistics(project):
    code = (
        "import sys; from abstory.cli.main import run; "
        "run(['assign', 'launch', '5', '--attribute', 'country=DE', '--dry-run']); "
        "print(sorted({'duckdb', 'polars', 'numpy', 'scipy', 'statsmodels', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=project, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
