"""The hash and the rules for ids, held to vectors that Node's crypto computed."""

import hashlib
import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abstory.assignment.bucket import h, hasher, viewer_bytes
from abstory.errors import InvalidViewerId, UsageError

IDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=64)


def test_there_are_enough_vectors_and_they_are_not_of_our_code(golden):
    assert golden["version"] == 1
    assert len(golden["buckets"]) + len(golden["viewers"]) * len(golden["experiments"]) >= 3_000
    assert len({tuple(case[:2]) for case in golden["buckets"]}) >= 500
    # A handful written out longhand, so that the file is held by something beside its own maker.
    for salt, viewer, expected in golden["buckets"][::25]:
        digest = hashlib.sha256(salt.encode("utf-8") + b":" + viewer.encode("utf-8")).hexdigest()
        assert int(digest[:13], 16) == expected


def test_vectors_by_coreutils_sha256():
    # printf 'exp1:23' | sha256sum ; printf 'exp12:3' | sha256sum  (GNU coreutils)
    assert h("exp1", "23") == 0x1575DD4584ADA
    assert h("exp12", "3") == 0xC09BD66AD7DBF


def test_every_vector(golden):
    for salt, viewer, expected in golden["buckets"]:
        assert h(salt, viewer) == expected


def test_vectors_hold_what_breaks_others(golden):
    ids = set(golden["viewers"])
    assert {"é", "e\u0301", "\u0000", " a", "a ", ":", "007", "7", "\U0001f600", "x" * 256, "é" * 128} <= ids


def test_every_vector_in_a_fresh_process_with_another_hash_seed(golden):
    code = "from abstory.assignment.bucket import h; print([h('exp1', str(i)) for i in range(20)])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": "7", "TZ": "Asia/Kathmandu"},
    )
    expected = [
        value for salt, viewer, value in golden["buckets"] if salt == "exp1" and viewer in set(map(str, range(20)))
    ]
    assert set(json.loads(done.stdout)) == set(expected)


@given(IDS)
def test_52_bits(viewer):
    assert 0 <= h("s", viewer) < 2**52


@given(IDS)
def test_a_hasher_is_the_hash(viewer):
    assert hasher("x/variant")(viewer.encode()) == h("x/variant", viewer)


@given(st.integers(-(10**200), 10**200))
def test_an_int_is_its_decimal_text(number):
    assert viewer_bytes(number) == str(number).encode()


@given(IDS)
def test_ids_are_bytes_as_given(viewer):
    assert viewer_bytes(viewer) == viewer.encode("utf-8")


class Text(str):
    __slots__ = ()

    def encode(self, *_):
        return super().encode()

    def __str__(self):
        return "another"


def test_a_kind_of_text_is_its_text():
    assert viewer_bytes(Text("a")) == b"a"


@pytest.mark.parametrize(
    "viewer",
    [
        "",
        "x" * 257,
        "é" * 129,
        "\ud800",
        "a\udfff",
        7.0,
        float("nan"),
        True,
        False,
        None,
        b"a",
        10**256,
        -(10**256),
        10**5000,
        ["a"],
    ],
    ids=lambda viewer: type(viewer).__name__,
)
def test_refused_ids(viewer):
    with pytest.raises(InvalidViewerId) as caught:
        viewer_bytes(viewer)
    told = f"{caught.value} {caught.value.hint} {caught.value.__context__!r}"
    assert caught.value.__context__ is None
    assert "xxx" not in told
    assert "éé" not in told
    assert "000000" not in told


def test_the_last_length_that_fits():
    assert len(viewer_bytes("x" * 256)) == 256
    assert len(viewer_bytes("\U0001f600" * 64)) == 256


@pytest.mark.parametrize("salt", ["a:b", ":", "é", "a\nb", "\x00"])
def test_a_salt_that_could_be_confused_with_an_id_is_refused(salt):
    with pytest.raises(UsageError):
        h(salt, "1")
