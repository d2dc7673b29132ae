"""The page of HTML: one harmless file that asks nobody for anything, small, titled, and true to its intervals."""

import base64
import dataclasses
import gzip
import html.parser
import itertools
import json
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abstory.report import renderer
from abstory.report.html import fragment
from abstory.report.html.figures import intervals
from abstory.report.html.layout import MOST
from abstory.report.json import document
from abstory.report.look import Look
from abstory.report.page import Page
from abstory.results import Ruling
from abstory.stats.estimate import Estimate, Interval

VOID = {"meta", "br", "hr", "img", "input", "link"}
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>\u202egnp.js\x1b[31m{{7*7}}"


class Tree(html.parser.HTMLParser):
    """Every element with its attributes and the text below it; unclosed or crossed tags are an error."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.open, self.texts = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        assert len(dict(attrs)) == len(attrs), (tag, attrs)
        self.elements.append((tag, dict(attrs), [name for name, _ in self.open]))
        if tag not in VOID:
            self.open.append((tag, len(self.texts)))

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs), [name for name, _ in self.open]))

    def handle_endtag(self, tag):
        name, _ = self.open.pop()
        assert name == tag

    def handle_data(self, data):
        self.texts.append((self.open[-1][0] if self.open else "", data))

    def named(self, *tags):
        return [attributes for tag, attributes, _ in self.elements if tag in tags]

    def text(self, tag):
        return [data for name, data in self.texts if name == tag]


def rendered(page):
    return renderer("html")(page, Look())


def test_no_script_and_nothing_from_elsewhere(page):
    text = rendered(page)
    tree = Tree(text)
    tags = {tag for tag, _, _ in tree.elements}
    assert not tags & {"script", "link", "img", "iframe", "object", "embed", "base", "form", "video", "audio", "use"}
    for _, attributes, _ in tree.elements:
        assert not [name for name in attributes if name.startswith("on") or name in {"src", "srcset", "style"}]
        assert attributes.get("href", "#").startswith("#")
    assert "default-src 'none'" in text
    assert not re.search(r"url\(|@import|https?:|//[a-z]", "".join(tree.text("style")))


def test_ids_are_unique_and_every_link_leads_to_one(page):
    tree = Tree(rendered(page))
    ids = [attributes["id"] for _, attributes, _ in tree.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {attributes["href"][1:] for attributes in tree.named("a")} <= set(ids)


def test_every_drawing_is_titled_and_every_table_headed(page):
    tree = Tree(rendered(page))
    drawings = [a for a in tree.named("svg") if a.get("aria-hidden") != "true" and "viewbox" not in a]
    titles = [path for tag, _, path in tree.elements if tag == "title" and path[-1] == "svg"]
    assert len(drawings) == len(titles)
    assert {a["role"] for a in drawings} <= {"img"}
    assert all(attributes.get("scope") in {"col", "row"} for attributes in tree.named("th"))
    assert len(tree.named("caption")) == len(tree.named("table"))
    figures = len(tree.named("figure"))
    assert sum(tag == "table" and "figure" in path for tag, _, path in tree.elements) == figures


def test_headings_are_in_order(page):
    levels = [int(tag[1]) for tag, _, _ in Tree(rendered(page)).elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))


def programs(tree):
    """The document for programs, as the guide says to read it."""
    told = tree.text("pre")[-1]
    packed = "base64" in tree.text("summary")[-1]
    return json.loads(gzip.decompress(base64.b64decode(told)) if packed else told)


def test_it_holds_the_report_for_programs(page):
    assert programs(Tree(rendered(page))) == json.loads(json.dumps(document(page)))


def crowded(made, variants=40, metrics=20):
    """40 variants by 20 metrics of the built-in kinds, named as long as names are."""
    names = ["control", *(f"warm-filter.12s-cut.hook-{n:02}" for n in range(variants - 1))]
    roles = [made.Role.PRIMARY] * 3 + [made.Role.SECONDARY] * 12 + [made.Role.GUARDRAIL] * (metrics - 15)
    told = []
    for at, role in enumerate(roles):
        lifts = [(n / 401 - 0.045, n / 403 - 0.075, n / 407 - 0.015, 0.5001 / (n + 1)) for n in range(variants - 1)]
        guard = role is made.Role.GUARDRAIL
        rows = [
            made.row(v, 0.2131, lift, made.read(lift), 0.1234 if guard else None)
            for v, lift in zip(names[1:], lifts, strict=True)
        ]
        one = made.metric(
            "share_rate", role, 0.2131, rows, mde="5%" if at < 3 else None, margin="20%" if guard else None
        )
        metric = dataclasses.replace(one.outcome.metric, name=f"share_rate_{at:02}")
        told.append(dataclasses.replace(one, outcome=dataclasses.replace(one.outcome, metric=metric)))
    days = {(20_000 + day, name): 100 + day for day in range(60) for name in names}
    return made.result(made.arms(names), told, exposures_by_day=days)


def test_forty_variants_and_twenty_metrics_fit(made):
    page = Page(crowded(made), made.WON, "24h", source="key: launch\n" * 400)
    text = rendered(page)
    assert len(text.encode()) < MOST == 100_000
    assert "--json prints it" in text
    assert "more variants:" in text
    Tree(text)


def test_everything_is_shown_where_it_is_asked_for(made):
    page = Page(crowded(made, 12), made.WON, "24h", everything=True)
    captions = Tree(rendered(page)).text("caption")
    assert sum(caption.endswith("against control") for caption in captions) == 3 + 2 * 11


def hostile(made):
    names = [HOSTILE, f"b{HOSTILE}"]
    unknown = made.Undetermined(made.Reason.TOO_FEW, HOSTILE)
    metrics = [
        made.metric(
            "like_rate", made.Role.PRIMARY, 0.2, [made.row(names[1], 0.2, (0.1, 0.0, 0.2, 0.5), made.Reads.UNCLEAR)]
        ),
        made.metric("hide_rate", made.Role.SECONDARY, 0.2, [made.row(names[1], 0.2, unknown, made.Reads.UNKNOWN)]),
    ]
    checks = (made.Check(HOSTILE, made.Status.WARN, HOSTILE, HOSTILE),)
    found = made.result(
        made.arms(names), metrics, checks, title=HOSTILE, hypothesis=HOSTILE, exposures_by_day={(1, names[0]): 3}
    )
    return Page(found, made.Verdict(Ruling.SHIP, names[1], (HOSTILE,)), HOSTILE, source=HOSTILE)


@pytest.mark.parametrize("write", [rendered, fragment])
def test_hostile_text_is_shown_and_not_obeyed(made, write):
    text = write(hostile(made))
    tree = Tree(text)
    assert not {"script", "img"} & {tag for tag, _, _ in tree.elements}
    assert not [a for _, a, _ in tree.elements if any(name.startswith("on") for name in a)]
    assert "\u202e" not in text
    assert "\x1b" not in text
    assert "{{7*7}}" in text
    assert any("<script>alert(1)</script>" in data for data in tree.text("h1"))


ENDS = st.floats(-1e9, 1e9) | st.sampled_from([0.0, -0.0, 5e-324, -5e-324, math.inf, -math.inf])


@given(ENDS, ENDS, st.floats(0, 1), st.floats(1e-12, 1e6))
def test_a_bar_crosses_zero_exactly_when_its_interval_holds_it(one, other, share, limit):
    low, high = sorted((one, other))
    held = max(min(low, 1e9), -1e9), max(min(high, 1e9), -1e9)
    estimate = Estimate(held[0] + share * (held[1] - held[0]), Interval(low, high))
    tree = Tree(str(intervals.bar(intervals.Axis(limit), estimate, "said")))
    (band,) = [a for a in tree.named("line") if a["class"] == "ci"]
    left, right = (float(band[end].rstrip("%")) for end in ("x1", "x2"))
    assert 0 <= left <= right <= 100
    assert (left <= 50 <= right) == (low <= 0 <= high)


def test_a_page_in_ascii_says_the_same(page):
    plain = renderer("html")(page, Look(ascii_only=True))
    assert plain.isascii()
    told, same = Tree(rendered(page)), Tree(plain)
    assert same.text("td") == told.text("td")
    assert same.text("h1") == told.text("h1")


def test_untrusted_data_shows_no_effect(pages):
    tree = Tree(rendered(pages["invalid"]))
    assert not [a for a in tree.named("line") if a.get("class") == "ci"]
    assert any("withheld" in text for text in tree.text("p"))


def test_a_fragment_styles_nothing_but_itself(pages):
    css = "".join(Tree(fragment(pages["ship"])).text("style"))
    rules = re.sub(r"@media[^{]*\{|@page[^}]*\}|/\*.*?\*/", "", css)
    for selectors in re.findall(r"([^{}]+)\{", rules):
        assert all(one.strip().startswith(".abstory") for one in selectors.split(",")), selectors
