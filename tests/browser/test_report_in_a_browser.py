"""The report in a real browser: it sorts, filters, turns dark, fits a phone and logs no error."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "reporting" / "report"))
from made_contents import made

from dnnexp.reporting.report import report_html

pytestmark = pytest.mark.slow

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A browser that keeps its console's messages; without one, the test says what is missing."""
    selenium = pytest.importorskip("selenium", reason="selenium is not installed (extra dev)")
    if CHROMIUM is None or DRIVER is None:
        pytest.skip("no Chromium with its driver: apt-get install chromium chromium-driver")
    from selenium.webdriver import Chrome, ChromeOptions
    from selenium.webdriver.chrome.service import Service

    assert selenium is not None
    options = ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = Chrome(options=options, service=Service(DRIVER, env={**os.environ, "no_proxy": "*"}))
    yield driver
    driver.quit()


@pytest.fixture
def page(browser: Any, tmp_path: Path) -> Iterator[Any]:
    """The browser on a report of 200 trials; at the end its console must be empty, and nothing asked for outside."""
    file = tmp_path / "report.html"
    file.write_text(report_html(made(200, (1, 2, 3, 4, 6))), encoding="utf-8")
    browser.set_window_size(1280, 900)
    browser.get(file.as_uri())
    browser.execute_script("localStorage.clear()")  # the colours that a test before this one has chosen
    browser.refresh()
    yield browser
    assert [entry for entry in browser.get_log("browser") if entry["level"] != "INFO"] == []
    asked = [entry["message"] for entry in browser.get_log("performance") if '"requestWillBeSent"' in entry["message"]]
    assert not [message for message in asked if '"url":"http' in message]


def run(browser: Any, script: str) -> Any:
    return browser.execute_script(f"return {script}")


def column(browser: Any, name: str) -> list[float]:
    """Return the values of a column of the rows that are seen, as they stand, less empty ones."""
    values = run(
        browser,
        "(() => { const heads = [...document.querySelectorAll('#board thead th')].map((head) => head.textContent);"
        f" const i = heads.indexOf('{name}');"
        " return [...document.querySelectorAll('#board tbody tr')].filter((row) => row.offsetParent)"
        ".map((row) => row.cells[i].dataset.v ?? row.cells[i].textContent).filter(Boolean); })()",
    )
    return [float(value) for value in values]


def click(browser: Any, name: str) -> None:
    buttons = browser.find_elements("css selector", "#board thead button")
    next(button for button in buttons if button.text.split(" ▲")[0].split(" ▼")[0] == name).click()


@pytest.mark.parametrize("name", ["accuracy", "test", "parameters", "learning rate", "time"])
def test_a_click_on_a_heading_sorts_the_leaderboard(page: Any, name: str) -> None:
    page.find_element("id", "more").click()
    before = sorted(column(page, name))
    assert len(before) > 180
    click(page, name)
    assert column(page, name) == before
    click(page, name)
    assert column(page, name) == before[::-1]
    heading = next(head for head in page.find_elements("css selector", "#board th") if head.get_attribute("aria-sort"))
    assert heading.get_attribute("aria-sort") == "descending"


def test_words_and_depths_filter_the_leaderboard_and_the_charts(page: Any) -> None:
    from selenium.webdriver.support.ui import Select

    assert page.find_element("id", "count").text == "203 rows"
    assert len(column(page, "layers")) <= 25 + 3  # the baselines are always seen
    page.find_element("id", "find").send_keys("relu")
    Select(page.find_element("id", "layers")).select_by_visible_text("3")
    assert set(column(page, "layers")) == {3.0}
    seen = "[...document.querySelectorAll('#board tbody tr')].filter((row) => row.offsetParent)"
    assert run(page, f"{seen}.every((row) => row.textContent.includes('relu'))")
    kept = int(page.find_element("id", "count").text.split()[0])
    assert 0 < kept < 40
    faded, clear = (run(page, f"document.querySelectorAll('svg .way{mark}').length") for mark in (".off", ":not(.off)"))
    assert clear <= kept
    assert faded > 100


def test_more_rows_come_when_asked_for_and_the_baselines_are_seen_before(page: Any) -> None:
    seen = "[...document.querySelectorAll('#board tbody tr{}')].filter((row) => row.offsetParent).length"
    assert 20 <= run(page, seen.format(":not(.baseline)")) <= 25
    assert run(page, seen.format(".baseline")) == 3
    page.find_element("id", "more").click()
    assert (
        run(page, "[...document.querySelectorAll('#board tbody tr')].filter((row) => row.offsetParent).length") == 203
    )


def test_the_switch_turns_the_page_dark_and_light_again(page: Any) -> None:
    def background() -> str:
        return str(run(page, "getComputedStyle(document.body).backgroundColor"))

    light = background()
    page.find_element("id", "theme").click()
    assert background() != light
    assert page.find_element("id", "theme").text == "light"
    page.find_element("id", "theme").click()
    assert background() == light


def test_the_systems_dark_mode_is_followed(page: Any) -> None:
    light = run(page, "getComputedStyle(document.body).backgroundColor")
    page.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    )
    try:
        assert run(page, "getComputedStyle(document.body).backgroundColor") != light
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print", "features": []})
        assert run(page, "getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    finally:
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})


def test_it_fits_a_phone(page: Any) -> None:
    phone = {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    try:
        assert run(page, "document.documentElement.scrollWidth") <= 360
        smallest = run(
            page,
            "Math.min(...[...document.querySelectorAll('svg.plot text')].map((text) =>"
            " parseFloat(getComputedStyle(text).fontSize) * text.ownerSVGElement.getScreenCTM().a))",
        )
        assert smallest >= 8  # CSS pixels
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_a_dot_says_what_it_is_and_every_picture_is_there(page: Any) -> None:
    from selenium.webdriver import ActionChains

    dots = page.find_elements("css selector", "#searched circle[data-k]")
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", dots[-1])
    ActionChains(page).move_to_element(dots[-1]).perform()
    assert page.find_element("id", "tip").is_displayed()
    assert "accuracy 0." in page.find_element("id", "tip").text
    assert run(page, "[...document.images].every((image) => image.complete && image.naturalWidth > 0)")
    assert run(page, "document.images.length") >= 1


def test_a_command_is_copied_or_selected(page: Any) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    button = page.find_element("css selector", ".copy")
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", button)
    button.click()
    WebDriverWait(page, 10, poll_frequency=0.1).until(lambda _: button.text in ("copied", "selected"))
