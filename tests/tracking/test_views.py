from __future__ import annotations

import colorsys
import json

import pytest
from mlflow.utils.search_utils import SearchUtils

from dnnexp.errors import ConfigError
from dnnexp.tracking.views import run_color, study_view, view_tag


@pytest.mark.parametrize("study", ["digits-ladder", "it's mine", 'say "no"'])
def test_a_study_is_found_by_a_condition_that_mlflow_understands(study: str) -> None:
    view = study_view({"dnnexp.study": study}, "score/r2", "test/r2", greater_is_better=True)
    by_study, by_role = SearchUtils.parse_search_filter(view.condition)
    assert (by_study["key"], by_study["comparator"], by_study["value"]) == ("dnnexp.study", "=", study)
    assert (by_role["key"], by_role["comparator"], by_role["value"]) == ("dnnexp.role", "!=", "sweep")
    assert SearchUtils.parse_order_by_for_search_runs(view.order_by) == ("metric", "score/r2", True)


def test_a_name_that_no_search_can_quote_is_refused() -> None:
    with pytest.raises(ConfigError, match="study: need a name without both kinds of quotes"):
        study_view({"dnnexp.study": 'it\'s "mine"'}, "score/r2", "test/r2", greater_is_better=True)


def test_every_chart_stands_in_a_section_and_the_best_run_on_top() -> None:
    view = study_view({"dnnexp.study": "study"}, "score/rmse", "test/rmse", greater_is_better=False)
    _, value = view_tag(view)
    envelope = json.loads(value)
    state = json.loads(envelope["state"])
    assert envelope["name"] == "Study study"
    assert state["orderByKey"] == "metrics.`score/rmse`"
    assert state["orderByAsc"] is True
    sections = {section["uuid"] for section in state["compareRunSections"]}
    assert {chart["metricSectionId"] for chart in state["compareRunCharts"]} == sections
    assert len({chart["uuid"] for chart in state["compareRunCharts"]}) == len(state["compareRunCharts"])


def test_views_of_studies_with_like_names_do_not_replace_each_other() -> None:
    keys = {
        study_view({"dnnexp.study": name}, "s", "t", greater_is_better=True).key
        for name in ("a b", "a-b", "A B", "größe", "grosse")
    }
    assert len(keys) == 5


def test_colours_of_the_first_depths_differ_and_grow_lighter() -> None:
    colors = [run_color(depth) for depth in (1, 2, 3, 4, 6, 8, 12, 16)]
    assert len(set(colors)) == len(colors)
    luma = [colorsys.rgb_to_yiq(*(int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)))[0] for color in colors]
    assert luma == sorted(luma)
    assert run_color(512) == run_color(128)
    assert run_color(0) not in colors
