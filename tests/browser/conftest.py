"""A headless browser for the pages that users look at; tests that need it are skipped where there is none."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

WINDOW = (1600, 1000)
PATIENCE = 60  # seconds for a page to load
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def _driver() -> Iterator[Chrome]:
    selenium = pytest.importorskip("selenium.webdriver", reason="needs selenium: pip install selenium")
    from selenium.webdriver.chrome.service import Service

    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which("chromedriver")
    if program is None or driver is None:
        pytest.skip("needs a browser: chromium and chromedriver on the PATH")
    options = selenium.ChromeOptions()
    options.binary_location = program
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars"):
        options.add_argument(argument)
    options.add_argument(f"--window-size={WINDOW[0]},{WINDOW[1]}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    chrome = selenium.Chrome(options=options, service=Service(driver))
    chrome.set_page_load_timeout(PATIENCE)
    try:
        yield chrome
    finally:
        chrome.quit()


@pytest.fixture
def browser(_driver: Chrome) -> Chrome:
    """A Chromium without a window, 1600 × 1000, on an empty page and with an empty console log."""
    _driver.set_window_size(*WINDOW)
    _driver.get("about:blank")
    _driver.get_log("browser")
    return _driver
