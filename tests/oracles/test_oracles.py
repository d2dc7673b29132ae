"""Known answers of other programs (each case names its source), through one runner."""

import importlib.util
import json
import math
from pathlib import Path

import pytest

from abstory.stats.estimate import Undetermined

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*.json"))


def load_adapters():
    spec = importlib.util.spec_from_file_location("abstory_oracle_adapters", HERE / "adapters.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.ADAPTERS


ADAPTERS = load_adapters()
CASES = [pytest.param(case, id=case["id"]) for file in FILES for case in json.loads(file.read_text("utf-8"))["cases"]]


def unknown(value):
    """Undetermined, as a value or (where a method has a domain of its own) as the class."""
    return isinstance(value, Undetermined) or value is Undetermined


def agrees(got, expected, tolerance):
    if expected is None:
        return unknown(got)
    if isinstance(expected, dict):
        return all(key in got and agrees(got[key], value, tolerance) for key, value in expected.items())
    if isinstance(expected, list):
        return len(got) == len(expected) and all(agrees(g, e, tolerance) for g, e in zip(got, expected, strict=True))
    if isinstance(expected, bool) or isinstance(got, str):
        return got == expected and isinstance(got, bool) is isinstance(expected, bool)
    return close(got, float(expected), tolerance)


def close(got, wanted, tolerance):
    if math.isinf(wanted):
        return got == wanted
    return not unknown(got) and abs(got - wanted) <= tolerance["abs"] + tolerance["rel"] * abs(wanted)


@pytest.mark.parametrize("case", CASES)
def test_known_answer(case):
    got = ADAPTERS[case["method"]](case["inputs"])
    wrong = {
        key: (got.get(key, "missing"), expected)
        for key, expected in case["expected"].items()
        if key not in got or not agrees(got[key], expected, case["tolerance"])
    }
    assert not wrong


def test_every_method_has_cases():
    assert {file.stem for file in FILES} == set(ADAPTERS)


def test_the_runner_can_fail():
    tolerance = {"abs": 1e-9, "rel": 1e-6}
    assert agrees(1.0, 1.0000001, tolerance)
    assert not agrees(1.0, 1.001, tolerance)
    assert not agrees(1.0, None, tolerance)
    assert not agrees(Undetermined, 1.0, tolerance)
    assert not agrees([1.0], [1.0, 2.0], tolerance)
