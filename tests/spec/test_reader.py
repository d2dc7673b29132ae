import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abstory.errors import SpecError
from abstory.spec import check_bytes
from abstory.spec.reader import Place, Table, plain, read
from abstory.spec.scalars import Ambiguous, resolve
from abstory.spec.translate import locate

SMALL = b"version: 1\nkey: a\nfactors: {cta: [none, buy]}\nmetrics: {primary: cta_rate}\n"


def test_places_count_from_one():
    document = read(b"a: 1\nb:\n  - x\n  - {c: yes please}\n")
    assert isinstance(document.root, Table)
    assert document.root.keys == {"a": Place(1, 1), "b": Place(2, 1)}
    assert locate(document.root, ("b", 1, "c")).node.place == Place(4, 9)
    assert plain(document.root) == {"a": 1, "b": ["x", {"c": "yes please"}]}


# The core schema of YAML 1.2.2, chapter 10.3.2.
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("~", None),
        ("", None),
        ("null", None),
        ("true", True),
        ("False", False),
        ("0", 0),
        ("-7", -7),
        ("1.50", 1.5),
        ("2%", "2%"),
        ("15s", "15s"),
        ("a.b", "a.b"),
    ],
)
def test_plain_words_mean_what_yaml_says(text, value):
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "NO",
        "On",
        "off",
        "y",
        "010",
        "0o17",
        "0x1F",
        "1:30",
        "1_000",
        "1e-2",
        ".5",
        "5.",
        ".nan",
        "-.inf",
        "2026-1-5",
        "2026-02-30",
        "9" * 5000,
    ],
)
def test_words_that_readers_disagree_about_are_refused(text):
    with pytest.raises(Ambiguous):
        resolve(text)


def bombs():
    yield "[" * 30_000
    yield "{" * 30_000
    yield "- " * 30_000
    yield "? " * 30_000
    yield "a: " * 20_000
    yield "[a," * 20_000
    yield "'" * 60_000
    yield '"' + "\\" * 60_000
    yield "a: >\n" + " \n" * 30_000
    yield "x" * 60_000 + ": 1"
    yield "x: [" + "a," * 30_000 + "]"
    yield "".join(f"k{n}: 1\n" for n in range(6_000))
    yield "k: 1\n" * 12_000
    yield "x: " + "9" * 60_000
    yield "&a " * 20_000
    yield "!t " * 20_000
    yield "%T\n" * 20_000
    yield "---\n" * 15_000
    yield "#" * 60_000
    yield "key: " + "-" * 60_000
    yield "key: " + "1_" * 30_000
    yield "key: " + "1:" * 30_000
    yield "\u00e9" * 32_000


@pytest.mark.parametrize("text", list(bombs()), ids=range(23))
def test_bombs_are_refused(text):
    experiment, found = check_bytes(text.encode(), "bomb.yaml")
    assert experiment is None
    assert found


COSTS = """
import resource, sys
from pathlib import Path
from abstory.spec import check_file
check_file(Path(sys.argv[1]))
for name in sys.argv[1:]:
    before = resource.getrusage(resource.RUSAGE_SELF)
    check_file(Path(name))
    after = resource.getrusage(resource.RUSAGE_SELF)
    print(name, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, after.ru_maxrss)
"""


@pytest.mark.long
def test_bombs_cost_less_than_a_second_and_little_memory(tmp_path):
    """CPU time of one warm process, so neither the start of Python nor another process of the machine counts."""
    texts = [SMALL.decode(), *bombs()]
    paths = [tmp_path / f"{number}.yaml" for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_bytes(text.encode())
    ran = subprocess.run([sys.executable, "-c", COSTS, *paths], capture_output=True, text=True, check=True)
    costs = [line.split() for line in ran.stdout.splitlines()]
    assert len(costs) == len(texts)
    assert [(name, seconds) for name, seconds, _ in costs if float(seconds) >= 1] == []
    assert max(int(kilobytes) for _, _, kilobytes in costs) < 300_000


def test_too_long_is_refused_before_parsing():
    _, found = check_bytes(b"#" * (64 * 1024 + 1), "long.yaml")
    assert [one.code for one in found] == ["E102"]


@given(st.binary(max_size=300))
def test_any_bytes_end_in_diagnostics(data):
    experiment, found = check_bytes(data, "a.yaml")
    assert (experiment is None) == any(one.severity == "error" for one in found)


@settings(max_examples=200)
@given(
    st.lists(st.tuples(st.integers(0, len(SMALL)), st.sampled_from(list("{}[]:,-#&*!|>'\"%@`?\n\t ~0a.é"))), max_size=4)
)
def test_any_edit_ends_in_diagnostics(edits):
    text = SMALL.decode()
    for at, char in edits:
        text = text[:at] + char + text[at:]
    experiment, found = check_bytes(text.encode(), "a.yaml")
    assert (experiment is None) == any(one.severity == "error" for one in found)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-10, 10**6)
    | st.floats(0, 9).map(lambda x: round(x, 2))
    | st.sampled_from(["none", "5%", "2pp", "24h", "UTC", "hide_rate", "No"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "weight", "cta", "mde", "kind", "start", "share", "include"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)
FIELDS = [
    "schedule",
    "audience",
    "traffic",
    "factors",
    "variants",
    "metrics",
    "analysis",
    "decision",
    "unit",
    "design",
    "lifetime",
    "version",
    "key",
]


@settings(max_examples=300)
@given(st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=3))
def test_any_shape_of_any_section_ends_in_diagnostics(changes):
    import json

    whole = {
        "version": 1,
        "key": "a",
        "factors": {"cta": ["none", "buy"]},
        "metrics": {"primary": "cta_rate"},
    } | changes
    experiment, found = check_bytes(json.dumps(whole).encode(), "a.yaml")
    assert (experiment is None) == any(one.severity == "error" for one in found)


def test_a_refusal_carries_its_diagnostics(tmp_path):
    from abstory.spec import load_file

    path = tmp_path / "a.yaml"
    path.write_text("key: A\n")
    with pytest.raises(SpecError) as refused:
        load_file(path)
    assert {one.code for one in refused.value.diagnostics} == {"E202", "E205", "E310"}
    assert str(path) in refused.value.message


@pytest.mark.parametrize(("text", "hint"), [("a:\n\tb: 1\n", "indent with spaces"), ("a: 1\t# why\n", "write a space")])
def test_a_tab_is_told_as_what_it_is(text, hint):
    _, found = check_bytes(text.encode(), "a.yaml")
    assert [(one.code, one.hint) for one in found] == [("E105", hint)]
