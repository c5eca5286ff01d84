"""The HTML report in a real browser: no request, no script, no sideways scroll, readable in both themes."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright
from tests.report_samples import hostile_report, public_report, rich_report
from tests.unit.adapters.press.test_palette import AA_TEXT, contrast

from daznode.adapters.press.document import DocumentPress
from daznode.report.layout import lay_out

CHROMIUM = Path("/usr/bin/chromium")
SWITCHES = [
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"),
    *("--disable-component-update", "--no-first-run", "--disable-quic"),
]

pytestmark = pytest.mark.browser

SEEN_COLOURS = """
() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = new Map();
  const solid = colour => !/rgba\\(.*, 0\\)|transparent/.test(colour);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
    if (['STYLE', 'TITLE', 'title', 'desc'].includes(element.tagName)) continue;
    let ground = element;
    while (ground && !solid(getComputedStyle(ground).backgroundColor)) ground = ground.parentElement;
    const style = getComputedStyle(element);
    const ink = element instanceof SVGElement ? style.fill : style.color;
    const key = ink + '|' + getComputedStyle(ground || document.documentElement).backgroundColor;
    found.set(key, element.tagName + ' ' + walker.currentNode.data.trim().slice(0, 40));
  }
  return [...found];
}
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{CHROMIUM}: not installed, and CI must run the browser tests")
        pytest.skip(f"{CHROMIUM}: not installed; install chromium to run the browser tests")
    playwright: Playwright
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=str(CHROMIUM), args=SWITCHES)
        yield launched
        launched.close()


@pytest.fixture(scope="module", params=["rich", "public", "hostile"])
def document(request: pytest.FixtureRequest) -> str:
    report = {"rich": rich_report, "public": public_report, "hostile": hostile_report}
    return DocumentPress().html(lay_out(report[request.param]()))


class Visit:
    """A page opened with the network cut; whatever it asks for or complains of is kept."""

    def __init__(self, browser: Browser, document: str, width: int, theme: Any) -> None:
        self.context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme, offline=True
        )
        self.page: Page = self.context.new_page()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        self.page.set_content(document)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()


def to_hex(colour: str) -> str:
    red, green, blue = (int(part) for part in re.findall(r"\d+", colour)[:3])
    return f"#{red:02x}{green:02x}{blue:02x}"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 760, 1280])
def test_quiet_and_readable(browser: Browser, document: str, width: int, theme: str) -> None:
    with Visit(browser, document, width, theme) as visit:
        sizes = visit.page.evaluate(
            "() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        )
        assert sizes[0] <= sizes[1] == width, "the page scrolls sideways"
        visit.page.evaluate(
            "() => document.querySelectorAll('details').forEach(d => d.open = true)"
        )
        for pair, where in visit.page.evaluate(SEEN_COLOURS):
            ink, ground = pair.split("|")
            assert contrast(to_hex(ink), to_hex(ground)) >= AA_TEXT, (where, ink, ground)
        assert visit.requests == []
        assert visit.complaints == []


def test_themes_differ(browser: Browser) -> None:
    document = DocumentPress().html(lay_out(rich_report()))
    grounds = []
    for theme in ("light", "dark"):
        with Visit(browser, document, 1280, theme) as visit:
            grounds.append(
                visit.page.evaluate("() => getComputedStyle(document.body).backgroundColor")
            )
    assert grounds == ["rgb(245, 246, 244)", "rgb(14, 19, 18)"]


def test_hostile_names_run_nothing(browser: Browser) -> None:
    """Nothing of a name becomes an element, a handler or a dialog."""
    document = DocumentPress().html(lay_out(hostile_report()))
    with Visit(browser, document, 1280, "light") as visit:
        count = "() => document.querySelectorAll('script, img, iframe, svg svg, [onload], [onerror]').length"
        assert visit.page.evaluate(count) == 0
        assert visit.page.locator("h1").inner_text() == "<script>alert(1)</script>"
        assert visit.requests == []
        assert visit.complaints == []


def test_policy_stops_a_script_even_if_one_came_in(browser: Browser) -> None:
    """The content security policy is the second lock: tried with a script put in by hand."""
    document = DocumentPress().html(lay_out(rich_report()))
    document = document.replace("</main>", "<script>document.title = 'owned'</script></main>")
    with Visit(browser, document, 1280, "light") as visit:
        assert visit.page.title().startswith("Daily report")
        assert any("Content Security Policy" in text for text in visit.complaints)


def test_details_leave_the_phone_and_stay_on_the_desk(browser: Browser) -> None:
    document = DocumentPress().html(lay_out(rich_report()))
    visible = "() => [...document.querySelectorAll('#channels thead th')].filter(e => e.checkVisibility()).length"
    with Visit(browser, document, 390, "light") as visit:
        assert visit.page.evaluate(visible) == 4
    with Visit(browser, document, 1280, "light") as visit:
        assert visit.page.evaluate(visible) == 11
        box = "() => { const e = document.querySelector('#channels .scroll'); return e.scrollWidth - e.clientWidth }"
        assert visit.page.evaluate(box) <= 0, "the channel table fits a desk screen"


def test_focus_is_visible(browser: Browser) -> None:
    document = DocumentPress().html(lay_out(rich_report()))
    with Visit(browser, document, 1280, "light") as visit:
        visit.page.keyboard.press("Tab")
        style = visit.page.evaluate(
            "() => { const s = getComputedStyle(document.activeElement); "
            "return [document.activeElement.tagName, s.outlineStyle, parseFloat(s.outlineWidth)] }"
        )
        assert style[:2] == ["A", "solid"]
        assert style[2] >= 2


def test_prints_whole_and_light(browser: Browser) -> None:
    """Printed from the dark theme: light colours, no contents list, folded figures unfolded."""
    document = DocumentPress().html(lay_out(rich_report()))
    with Visit(browser, document, 1280, "dark") as visit:
        visit.page.emulate_media(media="print", color_scheme="dark")
        ink = visit.page.evaluate("() => getComputedStyle(document.body).color")
        assert contrast(to_hex(ink), "#ffffff") >= AA_TEXT
        assert not visit.page.locator("nav").is_visible()
        assert visit.page.locator("#trends details table").is_visible()
        assert visit.page.pdf(format="A4").startswith(b"%PDF")
