"""Frames in the file: how many, what they are called, and of which variant."""

import pytest

from abstory.experiment import Experiment
from abstory.spec import check_bytes

FACTORS = "factors: {cta: [none, shop]}\n"


def checked(whole, text):
    return check_bytes(whole(text).encode(), "a.yaml")


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("5", ("1", "2", "3", "4", "5")),
        ("[intro, product, cta]", ("intro", "product", "cta")),
        ('["1", "2"]', ("1", "2")),
    ],
)
def test_frames_are_a_number_or_names(whole, written, names):
    found, said = checked(whole, f"{FACTORS}frames: {written}\n")
    assert not [one for one in said if one.code.startswith("E")]
    assert isinstance(found, Experiment)
    assert found.frames.names == names
    assert found.frames.named is (names[0] != "1")
    assert {found.frames_of(variant) for variant in found.variants} == {len(names)}


@pytest.mark.parametrize(
    ("written", "code", "hint"),
    [
        ("1", "E208", "leave `frames` out"),
        ("51", "E208", "leave `frames` out"),
        ("[intro]", "E208", "leave `frames` out"),
        ("[intro, intro]", "E306", "frames are in order"),
        ("[Intro, cta]", "E205", "lower case letters"),
        ("[intro, 2]", "E205", "lower case letters"),
        ("many", "E203", "such as 5"),
        ("{intro: 1}", "E203", "such as 5"),
        ("true", "E203", "such as 5"),
        ("2.5", "E203", "such as 5"),
    ],
)
def test_other_frames_are_refused_with_what_is_meant(whole, written, code, hint):
    _, said = checked(whole, f"{FACTORS}frames: {written}\n")
    wrong = [one for one in said if one.code.startswith("E")]
    assert [one.code for one in wrong] == [code]
    assert wrong[0].hint.startswith(hint)


def test_a_variant_may_have_frames_of_its_own(whole):
    text = (
        "factors: {cta: [none, shop]}\nframes: 4\nvariants:\n  a: {cta: none}\n  b: {cta: shop, frames: 3, weight: 2}\n"
    )
    found, said = checked(whole, text)
    assert not [one for one in said if one.code.startswith("E")]
    assert {variant.name: found.frames_of(variant) for variant in found.variants} == {"a": 4, "b": 3}
    assert found.factors == {"cta": ("none", "shop")}
    assert [variant.creative for variant in found.variants] == [{"cta": "none"}, {"cta": "shop"}]


@pytest.mark.parametrize(("frames", "code"), [("1", "E208"), ("[a, b]", "E203")])
def test_a_variants_frames_are_a_number(whole, frames, code):
    _, said = checked(whole, f"{FACTORS}variants:\n  a: {{cta: none}}\n  b: {{cta: shop, frames: {frames}}}\n")
    wrong = [one for one in said if one.code.startswith("E")]
    assert [one.code for one in wrong] == [code]
    assert wrong[0].path == "variants.b.frames"


def test_no_factor_is_called_frames(whole):
    _, said = checked(whole, "factors: {frames: [a, b]}\n")
    assert "E313" in [one.code for one in said]


def test_an_experiment_without_frames_keeps_its_fingerprint(whole):
    found, _ = checked(whole, FACTORS)
    assert "frames" not in found.analysis_fields()
