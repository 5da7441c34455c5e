"""The page as a reader gets it: parts, escaping, size, nothing from outside."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from made_contents import BOUNDARY, CHOICE, CSV, made

from dnnexp.notation import with_error
from dnnexp.reporting.report import Contents, report_html
from dnnexp.reporting.report.contents import Baseline, Confusion, Depth, Estimate, Example, Optimism, Residuals
from dnnexp.reporting.report.leaderboard import rows

PARTS = ["depths", "leaderboard", "searched", "learned", "efforts", "outcome", "data", "use", "provenance"]
VOID = {"meta", "link", "input", "img", "br"}


class Page(HTMLParser):
    """A page read by a parser of its own: elements in order, with the text inside each; tags must match."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self._open: list[int] = []
        self.feed(html)
        assert not self._open, [self.elements[i] for i in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self.texts.append("")
        if tag not in VOID:
            self._open.append(len(self.elements) - 1)

    def handle_endtag(self, tag: str) -> None:
        assert self.elements[self._open[-1]][0] == tag
        self._open.pop()

    def handle_data(self, data: str) -> None:
        for i in self._open:
            self.texts[i] += data

    def text(self, tag: str, **attributes: str) -> list[str]:
        """Return the texts of the elements of that tag with these attributes."""
        return [
            " ".join(text.split())
            for (name, attrs), text in zip(self.elements, self.texts, strict=True)
            if name == tag and all(attrs.get(key.rstrip("_")) == value for key, value in attributes.items())
        ]

    def ids(self) -> list[str]:
        return [attrs["id"] for tag, attrs in self.elements if tag == "section" and "id" in attrs]


def page(contents: Contents) -> Page:
    return Page(report_html(contents))


def test_a_whole_report_has_all_of_its_parts_in_their_order() -> None:
    assert page(made()).ids() == PARTS


@pytest.mark.parametrize(
    ("absent", "part"),
    [
        ({"depths": ()}, "depths"),
        ({"trials": (), "baselines": ()}, "leaderboard"),
        ({"trials": ()}, "searched"),
        ({"best_of": ()}, "efforts"),
        ({"outcome": None, "worst": (), "boundary": None}, "outcome"),
        ({"summary": (), "shares": {}}, "data"),
        ({"commands": ()}, "use"),
        ({"provenance": {}}, "provenance"),
    ],
)
def test_a_part_of_which_nothing_is_known_is_left_out(absent: dict[str, Any], part: str) -> None:
    ids = page(made(**absent)).ids()
    assert part not in ids
    assert not re.search(r"<(ul|tbody|dl|figure)>\s*</\1>", report_html(made(**absent)))


def test_a_sweep_that_has_only_begun_has_a_page() -> None:
    begun = Contents("s", "digits", "accuracy", greater_is_better=True, sentences=(), choice=None)
    assert page(begun).text("h1") == ["Not finished yet"]
    assert page(begun).ids() == []


def test_where_no_network_could_be_trained_that_is_what_is_read_first() -> None:
    nothing = made(choice=None, depths=(), sentences=["No network could be trained: depth 1 is untrainable."])
    assert page(nothing).text("h1") == ["No network could be trained"]
    assert page(nothing).text("p", class_="lead") == ["No network could be trained: depth 1 is untrainable."]


def test_what_users_name_is_shown_as_it_is_and_never_run() -> None:
    evil = "<script>alert(1)</script>\"' onload=x <img src=//evil> & </style>"
    contents = made(
        study=evil,
        data=evil,
        sentences=[evil],
        outcome=Confusion((evil, "no"), np.array([[3, 1], [1, 3]])),
        worst=[Example("row 1", evil, "no", evil, None, {evil: evil})],
        boundary=replace(BOUNDARY, columns=(evil, "y"), classes=(evil, "no")),
        summary=(evil,),
        shares={evil: 3},
        provenance={"command": evil},
        baselines=(Baseline(evil, Estimate(0.97, 0.001)),),
        stopped=evil,
    )
    honest, found = page(made()), page(contents)
    shown = " ".join(evil.split())
    for tag in ("script", "style", "img", "link"):
        pictures = 1 if tag == "img" else 0  # the honest page has an example that is a picture
        assert len(found.text(tag)) == len(honest.text(tag)) - pictures
    assert not [attrs for _, attrs in found.elements if any(name.startswith("on") for name in attrs)]
    assert shown in found.text("td")
    assert any(shown in text for text in found.text("title"))
    assert any(shown in text for text in found.text("p"))


def test_nothing_comes_from_outside_and_only_the_pages_own_script_may_run() -> None:
    html = report_html(made())
    found = Page(html)
    for tag, attrs in found.elements:
        for name in ("src", "href", "action", "srcset", "data"):
            assert attrs.get(name, "data:").startswith("data:"), (tag, attrs)
    assert "@import" not in html
    assert "url(" not in html
    assert not re.findall(r"https?://", html)
    policy = next(attrs["content"] for tag, attrs in found.elements if attrs.get("http-equiv"))
    assert "default-src 'none'" in policy
    assert "script-src 'sha256-" in policy


def test_every_drawing_says_in_words_what_it_shows() -> None:
    drawings = [attrs for tag, attrs in page(made()).elements if tag == "svg"]
    assert len(drawings) >= 9
    for attrs in drawings:
        assert attrs["role"] == "img"
        assert len(attrs["aria-label"]) > 40
    curve = drawings[0]["aria-label"]
    assert "1 hidden layer: 0.9875 ± 0.0061; 2 hidden layers: 0.9865 ± 0.0061" in curve
    assert all(attrs.get("alt") for tag, attrs in page(made()).elements if tag == "img")


def test_the_leaderboard_has_every_trial_with_the_numbers_as_they_are_written_everywhere() -> None:
    contents = made(40)
    cells = set(page(contents).text("td"))
    scored = [trial.score for trial in contents.trials if trial.score is not None]
    assert len(scored) > 30
    assert {with_error(score.value, score.error) for score in scored} <= cells
    keys = [attrs["data-k"] for tag, attrs in page(contents).elements if tag == "tr" and "data-k" in attrs]
    assert sorted(int(key) for key in keys if key != "-1") == list(range(40))


def test_baselines_stand_where_their_scores_put_them() -> None:
    base = Baseline("boosted trees", Estimate(0.96, 0.01), 0.955)
    contents = made(30, baselines=(base,))
    names = [text.removeprefix("chosen ") for text in page(contents).text("td")]
    order = [name for name in names if name == base.name or name in {t.network for t in contents.trials}]
    place = order.index(base.name)
    scores = [trial.score.value for trial in contents.trials if trial.score]
    assert place == sum(score >= 0.96 for score in scores)


@pytest.mark.parametrize("greater", [True, False])
def test_a_baseline_that_could_not_be_scored_stands_below_all_that_could(greater: bool) -> None:
    bases = (Baseline("linear", None), Baseline("constant", Estimate(0.5)))
    trials = [replace(trial, score=Estimate(0.8)) for trial in made().trials]
    trials.append(replace(trials[0], score=None, rank=None))
    order = [row.network for row in rows(made(trials=trials, baselines=bases, greater_is_better=greater))]
    assert order[-1] == "linear"
    assert order.index("constant") == (len(trials) - 1 if greater else 0)


def test_a_median_is_spoken_of_where_one_is_drawn() -> None:
    assert "Line: median" not in report_html(made(12))
    assert "Line: median of neighbours" in report_html(made(60))


def test_what_the_figures_are_is_said_truly() -> None:
    html = report_html(made())
    assert "cannot be told from the best" not in html  # that is a matter of paired differences
    assert "of a baseline one model, fitted on all development rows" in html
    (heading,) = [
        attrs for tag, attrs in page(made()).elements if tag == "th" and "test rows" in attrs.get("title", "")
    ]
    assert "of a baseline one model" in heading["title"]
    assert "by the screening, which all trials have" in html
    assert "one jackknife standard error either way" in html
    assert "of the first n trials" not in html


def test_wrapped_lines_of_what_is_said_of_the_data_are_put_together_again() -> None:
    wrapped = (
        "a-very-long-name.csv: 1,797 rows,",
        "64 input columns",
        "  numbers     64 pixels of images 8 × 8",
        "  target      'digit': multiclass, because it has 10 distinct whole numbers",
        "              (data.task overrides): 0 9.9%, 1 10.1%,",
        "              2 9.8%",
        "  warning     a",
    )
    found = page(made(summary=wrapped))
    (data,) = found.text("section", id="data")
    assert "a-very-long-name.csv: 1,797 rows, 64 input columns" in found.text("p")
    assert "10 distinct whole numbers (data.task overrides): 0 9.9%, 1 10.1%, 2 9.8%" in data
    assert [topic for topic in found.text("dt") if topic in ("numbers", "target", "warning")] == [
        "numbers",
        "target",
        "warning",
    ]


def test_the_table_can_be_taken_away_as_csv() -> None:
    link = next(attrs for tag, attrs in page(made(study="a / b")).elements if tag == "a")
    assert base64.b64decode(link["href"].partition("base64,")[2]).decode() == CSV
    assert link["download"] == "a-b-leaderboard.csv"


def test_of_a_thousand_trials_the_page_stays_small() -> None:
    contents = made(1000, (1, 2, 3, 4, 6, 8, 12, 16), leaderboard_csv=CSV * 8000)
    html = report_html(contents)
    assert len(html.encode()) < 5_000_000
    assert html.count("data-k=") > 4000


@pytest.mark.parametrize("scores", [(1e300, -1e300), (1e-300, 3e-300), (0.5, 0.5), (1e308, 1.0)])
@pytest.mark.parametrize("greater", [True, False])
def test_any_scores_can_be_drawn(scores: tuple[float, float], greater: bool) -> None:
    trials = [replace(trial, score=Estimate(scores[i % 2], float("nan"))) for i, trial in enumerate(made(40).trials)]
    depths = [
        replace(depth, score=Estimate(scores[i % 2]), gain=Estimate(0.0, float("nan"), -np.inf, np.inf) if i else None)
        for i, depth in enumerate(made().depths)
    ]
    html = report_html(made(trials=trials, depths=depths, greater_is_better=greater, boundary=None, worst=()))
    drawings = "".join(re.findall(r"<svg.*?</svg>", html, flags=re.DOTALL))
    assert len(Page(html).text("svg")) >= 6
    assert not re.search(r"\b(nan|inf)\b", drawings)


def test_curves_with_gaps_are_drawn() -> None:
    broken: list[Depth] = [
        replace(depth, curves={"val/accuracy": [float("nan")] * 5, "val/loss": [1.0, float("inf"), 0.5]})
        for depth in made().depths
    ]
    drawings = page(made(depths=broken)).text("h3")
    assert "Validation accuracy" in drawings


def test_residuals_and_rows_are_shown_for_a_quantity() -> None:
    rng = np.random.default_rng(0)
    actual = rng.normal(150, 70, 4000)
    contents = made(
        metric="rmse",
        greater_is_better=False,
        outcome=Residuals("price", actual + rng.normal(0, 20, 4000), actual),
        worst=[Example("row 3", "310", "177.6", "off by 132.4", None, {"age": "59", "bmi": "26.9"})],
        boundary=None,
        choice=replace(CHOICE, right=None),
    )
    found = page(contents)
    assert "Predicted and actual" in found.text("h3")
    assert {"310", "177.6", "59"} <= set(found.text("td"))
    assert "bmi" in found.text("th")


def test_the_optimism_of_the_winner_stands_with_its_interval() -> None:
    assert "a difference of +0.0030 ± 0.0020 (95% interval -0.0010 to +0.0070)" in report_html(made())
    one = Optimism("d1-64", Estimate(0.99), Estimate(0.987), Estimate(0.003))
    assert "a difference of +0.0030. Choice" in report_html(made(optimism=one))


def test_where_the_test_rows_chose_every_score_by_them_is_called_optimistic() -> None:
    chosen = replace(CHOICE, score=Estimate(0.99), development=Estimate(0.9875, 0.0061), gap=0.01)
    depths = [replace(d, score=Estimate(0.99)) for d in made().depths]
    html = report_html(made(choice=chosen, depths=depths, optimism=None, is_optimistic=True))
    for untrue in (
        "chose nothing",
        "of the folds; nothing is chosen",
        "kept aside",
        "chosen by another",
        "what is chosen by.",
    ):
        assert untrue not in html
    read = page(made(choice=chosen, depths=depths, optimism=None, is_optimistic=True))
    (outcome,) = read.text("section", id="outcome")
    assert "Optimistic: these rows chose the network" in outcome
    (curves,) = read.text("section", id="depths")
    assert curves.count("Optimistic: ") == 2
    assert curves.count("optimistic test accuracy 0.9900") == len(depths)
    assert "test (optimistic)" in read.text("th")


def test_baselines_of_the_same_score_share_a_line_and_a_label() -> None:
    bases = [replace(base, score=Estimate(0.97)) for base in made().baselines[1:]]
    assert report_html(made(baselines=bases)).count(">linear, boosted trees</text>") == 1


def test_a_baseline_that_was_scored_again_is_told_from_those_that_were_not() -> None:
    bases = [replace(base, is_fresh=base.name == "linear") for base in made().baselines]
    html = report_html(made(baselines=bases))
    assert html.count("baseline, rescored") == 1
    assert "Baselines other than linear are on the folds of the screening." in html
