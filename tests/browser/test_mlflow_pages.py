"""What a user sees in the MLflow UI after a sweep: the prepared view, a run, and runs beside each other."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

pytestmark = pytest.mark.slow  # a sweep, a server and a browser

PATIENCE = 60  # seconds for a page to show what it is to show
SWEEP = (
    "data=wine", "search.trials_per_depth=4", "search.max_depth=2", "trainer.epochs=15", "study=wine study",
    "search.rescore=0", "search.baselines=false", "search.confirm_seeds=1",
)  # fmt: skip
NOT_OURS = ("/mlflow/users/current", "ResizeObserver loop")  # MLflow's own, on a server without user accounts
COLUMNS = ("score/accuracy", "test/accuracy", "model.depth", "model.widths", "model.activation", "optimizer.lr")


class Ui(NamedTuple):
    """A server, and the address of the prepared view, as the sweep printed it."""

    url: str
    view: str

    @property
    def runs(self) -> str:
        return f"{self.url}/{self.view.partition('?')[0]}"


@pytest.fixture(scope="module")
def ui(tmp_path_factory: pytest.TempPathFactory, mlflow_server: Callable[[Path], Any]) -> Ui:
    folder = tmp_path_factory.mktemp("ui")
    command = [sys.executable, "-m", "dnnexp.sweep", "--quiet", *SWEEP]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    said = subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, text=True).stdout
    server = mlflow_server(folder / "runs")
    return Ui(server.url, said.partition("make ui, then http://127.0.0.1:5000/")[2].split()[0])


@pytest.fixture
def page(browser: Chrome, ui: Ui) -> Chrome:
    """The browser of somebody who has closed the assistant that MLflow opens beside every first page."""
    browser.get(ui.url)
    browser.execute_script("localStorage.setItem('mlflow.assistant.fab.autoOpenedOnFirstLoad_v1', 'true')")
    browser.execute_script("localStorage.setItem('mlflow.assistant.panelOpen_v1', 'false')")
    browser.get("about:blank")
    browser.get_log("browser")
    return browser


def text_of(page: Chrome) -> str:
    return str(page.execute_script("return document.body.innerText"))


def wait_for(page: Chrome, *words: str) -> str:
    """Return the page's text once it has all the words."""
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(page, PATIENCE).until(lambda _: all(word in text_of(page) for word in words), f"need {words}")
    return text_of(page)


def require_sound(page: Chrome) -> None:
    """Fail on errors in the console and on pictures that are missing."""
    errors = [entry["message"] for entry in page.get_log("browser") if entry["level"] == "SEVERE"]
    assert not [error for error in errors if not any(known in error for known in NOT_OURS)]
    broken = "return [...document.images].filter(i => i.complete && i.naturalWidth === 0).map(i => i.src)"
    assert page.execute_script(broken) == []


def run_link(page: Chrome, words: str) -> Any:
    """Return the first link to a run with these words in it."""
    found = page.find_elements("css selector", "a[href*='/runs/']")
    return next(link for link in found if words in link.text)


def test_the_prepared_view_shows_the_networks_best_first_with_what_they_are_compared_by(page: Chrome, ui: Ui) -> None:
    page.get(f"{ui.url}/{ui.view}")
    text = wait_for(page, "matching runs", "-champion", *COLUMNS)
    assert "Study wine study" in text
    assert "Feed-forward networks on wine" in text
    matching = int(text.partition(" matching runs")[0].split()[-1])
    assert matching in (11, 12)  # 2 × 4 trials, the confirmation, the champion, the best of each depth if not that
    assert text.count("-winner") == matching - 10
    read = "return [...document.querySelectorAll('.ag-row [col-id*=\"score/accuracy`\"]')].map(e => e.innerText)"
    scores = [float(score) for score in page.execute_script(read) if score not in ("", "-")]
    assert len(scores) == matching - 1
    assert scores == sorted(scores, reverse=True)
    require_sound(page)

    run_link(page, "-champion").click()
    text = wait_for(page, "The network that study", "score/accuracy", "Registered models")
    assert "model.widths" in text
    require_sound(page)


def test_the_charts_stand_under_their_headings(page: Chrome, ui: Ui) -> None:
    page.get(f"{ui.url}/{ui.view}&compareRunsMode=CHART")
    wait_for(page, "Each line is a network", "What the score depends on", "Parallel Coordinates", "model.widest")
    require_sound(page)


def test_the_run_of_a_sweep_says_the_answer_and_leads_to_its_network_and_figure(page: Chrome, ui: Ui) -> None:
    page.get(f"{ui.url}/{ui.view}")
    wait_for(page, "-champion")
    run_link(page, "-champion").click()
    wait_for(page, "The network that study")
    page.get(run_link(page, "wine study").get_attribute("href"))  # a click would open a tab
    wait_for(page, "Use d", "On development data it has accuracy", "See the chosen network", "leaderboard.csv")
    address = page.current_url.partition("?")[0]
    require_sound(page)
    page.get(f"{address}/artifacts/depth_curve.png")
    wait_for(page, "depth_curve.png", "answer.txt")
    require_sound(page)
    page.get(f"{address}/model-metrics")
    wait_for(page, "accuracy_se", "gain_se")  # the charts by depth
    require_sound(page)


def test_runs_can_be_compared(page: Chrome, ui: Ui) -> None:
    page.get(f"{ui.url}/{ui.view}")
    wait_for(page, "-champion")
    read = "return [...document.querySelectorAll('.ag-row a')].map(a => [a.innerText, a.href])"
    runs = {name: href.partition("/runs/")[2].partition("?")[0] for name, href in page.execute_script(read)}
    trials = [runs[name] for name in sorted(runs) if re.search(r"-t\d{3}$", name)]
    experiment = quote(json.dumps([ui.view.partition("experiments/")[2].partition("/")[0]]))
    page.get(f"{ui.url}/#/compare-runs?runs={quote(json.dumps(trials[:3]))}&experiments={experiment}")
    text = wait_for(page, "Comparing 3 Runs from 1 Experiment", "Parallel Coordinates Plot", "score/accuracy")
    assert "model.activation" in text
    require_sound(page)
    champion = next(run for name, run in runs.items() if name.endswith("-champion"))
    page.get("about:blank")
    page.get(f"{ui.url}/#/compare-runs?runs={quote(json.dumps([champion, trials[0]]))}&experiments={experiment}")
    wait_for(page, "Comparing 2 Runs from 1 Experiment", "Parallel Coordinates Plot", "score/accuracy", "-champion")
    page.get_log("browser")  # MLflow stumbles over the files of a run beside one without, and shows none
