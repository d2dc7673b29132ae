"""The page in a real browser, Debian's Chromium: it asks for nothing, fits a phone, prints, and passes axe's rules.

Skipped where there is no Chromium; `.ci/run` installs it where it can.
"""

import dataclasses
import shutil

import pytest

from abstory.report import renderer
from abstory.report.html import fragment
from abstory.report.look import Look

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")

WIDTHS = (1200, 800, 390, 320)


@pytest.fixture(scope="module")
def browser():
    """One browser for the module."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=BROWSER)
        yield opened
        opened.close()


@pytest.fixture
def visit(browser, tmp_path):
    """Opens a text as a file on disk; what it asked for and complained of is kept on it."""
    contexts = []

    def opened(text, **options):
        path = tmp_path / "report.html"
        path.write_text(text, encoding="utf-8")
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.asked, page.complaints = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.goto(path.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()


def rendered(page):
    return renderer("html")(page, Look())


def test_it_asks_for_nothing_and_complains_of_nothing(visit, page):
    shown = visit(rendered(page))
    assert len(shown.asked) == 1
    assert shown.complaints == []


def test_no_page_scrolls_sideways(visit, page):
    shown = visit(rendered(page))
    for width in WIDTHS:
        shown.set_viewport_size({"width": width, "height": 800})
        assert shown.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(("scheme", "width"), [("light", 1200), ("dark", 390)], ids=str)
@pytest.mark.parametrize("name", ["ship", "invalid", "undetermined", "launched", "calendar_of_posts"])
def test_axe_finds_no_fault(visit, request, pages, name, scheme, width):
    """Contrast, roles, names, headings, tables, keyboard: all rules of axe-core, with every fold open."""
    from axe_playwright_python.sync_playwright import Axe

    page = pages[name] if name in pages else request.getfixturevalue(name)
    shown = visit(rendered(page), color_scheme=scheme, viewport={"width": width, "height": 900})
    shown.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true })")
    found = Axe().run(shown)
    assert [(fault["id"], fault["nodes"][0]["html"]) for fault in found.response["violations"]] == []


CUT = """[...document.querySelectorAll('.narrow tr')].flatMap(row => {
  const cells = [...row.children].filter(cell => cell.checkVisibility())
  const boxes = cells.map(cell => { const r = document.createRange(); r.selectNodeContents(cell); return r.getBoundingClientRect() })
  const apart = (a, b) => a.right <= b.left + 1 || b.right <= a.left + 1 || a.bottom <= b.top + 1 || b.bottom <= a.top + 1
  return cells.filter((cell, at) => boxes[at].right > innerWidth + 1 || boxes.some((box, other) => other !== at && box.width
    && boxes[at].width && !apart(box, boxes[at]))).map(cell => cell.textContent)
})"""


def test_no_number_is_cut_or_overlaps_another(visit, page):
    shown = visit(rendered(page))
    # Between these a wide table scrolls in its own box.
    for width in (1200, 390, 320):
        shown.set_viewport_size({"width": width, "height": 800})
        assert shown.evaluate(CUT) == []


def test_it_prints(visit, pages):
    shown = visit(rendered(pages["ship"]))
    told = shown.pdf(format="A4")
    assert told.startswith(b"%PDF-")
    assert 1 <= told.count(b"/Type /Page\n") <= 4


def test_what_is_drawn_lies_where_its_numbers_say(visit, pages):
    """The middle of the drawing is zero on the screen too: bars of intervals that hold zero cover it, no other does."""
    shown = visit(rendered(pages["ship"]))
    rows = shown.evaluate(
        """[...document.querySelectorAll('#abstory-launch-cta-w48-metric-1 tr:has(.ci)')].map(row => {
          const [band, zero] = ['.ci', '.zero'].map(name => row.querySelector(name).getBoundingClientRect())
          return [row.lastElementChild.textContent, band.left <= zero.left && zero.left <= band.right]
        })"""
    )
    assert len(rows) == 7
    assert all((word == "unclear") == crosses for word, crosses in rows)


def test_the_keyboard_reaches_links_folds_and_boxes(visit, pages):
    shown = visit(rendered(pages["ship"]))
    seen = set()
    for _ in range(30):
        shown.keyboard.press("Tab")
        seen.add(shown.evaluate("document.activeElement.localName"))
    assert {"a", "div", "summary"} <= seen


def test_two_fragments_live_in_one_notebook(visit, pages):
    page = pages["wait"]
    other = dataclasses.replace(page, result=dataclasses.replace(page.result, key="other"))
    shown = visit(f"<!DOCTYPE html><title>notebook</title><p id=own>own</p>{fragment(page)}{fragment(other)}")
    assert shown.complaints == []
    assert shown.evaluate("getComputedStyle(document.querySelector('#own')).fontSize") == "16px"
    ids = shown.evaluate("[...document.querySelectorAll('[id]')].map(element => element.id)")
    assert len(ids) == len(set(ids))
