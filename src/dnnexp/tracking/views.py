"""How runs are shown in the MLflow UI: prepared views of a study, and the colour of a run by its depth.

MLflow keeps a saved view of its run page as an experiment tag, with the page's own state as JSON; that is what is
written here, so that the views stand in its menu and can be linked to.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from dnnexp.errors import require

__all__ = ["TAG", "View", "page_address", "quoted", "run_color", "study_view", "view_tag"]

TAG = "mlflow.sharedViewState."
TAG_LENGTH = 20_000  # characters
COLORS = (  # plasma, from dark to light, so that lightness alone tells them apart
    "#0d0887",
    "#5302a3",
    "#8b0aa5",
    "#b83289",
    "#db5c68",
    "#f48849",
    "#febd2a",
    "#e8d31f",
)
LINEAR = "#7f7f7f"  # no hidden layer
COMPARED = ("model.depth", "model.widths", "model.activation", "optimizer.lr")
AXES = ("model.depth", "model.widest", "model.activation", "optimizer.lr_log10")  # of the parallel coordinates
RUN_NAME, CREATED = "attributes.`Run Name`", "attributes.`Created`"
WIDTHS = {RUN_NAME: 270, CREATED: 115}  # in the table, pixels: with the side panel closed all columns are seen at once
WIDTH = 107  # of any other column

Json = dict[str, Any]


class View(NamedTuple):
    """A way to look at runs: which, in what order, with which columns and charts."""

    name: str
    condition: str  # in MLflow's search language
    order_by: str
    is_ascending: bool
    columns: Sequence[str]
    sections: Mapping[str, Sequence[Json]]  # charts under their headings

    @property
    def key(self) -> str:
        """The view in an address; the same name gives the same key."""
        words = re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")[:40]
        return f"{words}-{hashlib.sha256(self.name.encode()).hexdigest()[:6]}"

    def address(self, experiment_id: str) -> str:
        """The view's page in the UI, from the # on."""
        return page_address(experiment_id, self.key)


def page_address(experiment_id: str, key: str) -> str:
    """Return the page of a view in the UI, from the # on, with the UI's switch set to model training."""
    return f"#/experiments/{experiment_id}/runs?workflowType=machine_learning&viewStateShareKey={key}"


def study_view(study: Mapping[str, str], score: str, test: str, *, greater_is_better: bool) -> View:
    """Return the view of all runs of a study, the best by score on top.

    study: the tags that its runs have, its name among them. score, test: metric keys, such as "score/accuracy" and
    "test/accuracy".
    """
    name = study["dnnexp.study"]
    require(not {"'", '"'} <= set(name), "study", "a name without both kinds of quotes", name)
    own = [f"tags.`{key}` = {quoted(value)}" for key, value in study.items()]
    return View(
        name=f"Study {name}",
        condition=" AND ".join([*own, "tags.`dnnexp.role` != 'sweep'"]),
        order_by=_column("metrics", score),
        is_ascending=not greater_is_better,
        columns=(
            _column("metrics", score),
            _column("metrics", f"{score}_se"),
            _column("metrics", test),
            *(_column("params", key) for key in COMPARED),
            _column("tags", "dnnexp.role"),
        ),
        sections={
            "Each line is a network": (
                _chart("PARALLEL", selectedParams=list(AXES), selectedMetrics=[score, test], showAllRuns=True),
            ),
            "What the score depends on": (
                _scatter(_param("model.depth"), _metric(score)),
                _scatter(_param("model.parameters"), _metric(score)),
                _scatter(_param("optimizer.lr_log10"), _metric(score)),
                _scatter(_metric(score), _metric(test)),
            ),
        },
    )


def view_tag(view: View) -> tuple[str, str]:
    """Return the view as the key and the value of an experiment tag."""
    sections, charts = [], []
    for i, (name, cards) in enumerate(view.sections.items()):
        section = {"uuid": f"dnnexp-{i}", "name": name, "display": True, "isReordered": True, "deleted": False}
        sections.append(section | {"isGenerated": False, "columns": min(len(cards), 2)})
        charts += [
            card | {"uuid": f"dnnexp-{i}-{j}", "metricSectionId": section["uuid"]} for j, card in enumerate(cards)
        ]
    state = {
        "searchFilter": view.condition,
        "orderByKey": view.order_by,
        "orderByAsc": view.is_ascending,
        "selectedColumns": list(view.columns),
        "columnOrder": [RUN_NAME, *view.columns],
        "columnWidths": WIDTHS | dict.fromkeys(view.columns, WIDTH),
        "runsHiddenMode": "SHOW_ALL",
        "compareRunCharts": charts,
        "compareRunSections": sections,
        "isAccordionReordered": True,
    }
    now = round(time.time() * 1000)
    value = json.dumps({"name": view.name, "createdAt": now, "updatedAt": now, "state": json.dumps(state)})
    require(len(value) <= TAG_LENGTH, "view", f"at most {TAG_LENGTH} characters", len(value))
    return TAG + view.key, value


def run_color(depth: int) -> str:
    """Return the colour of runs of that depth as #rrggbb, lighter the deeper; 1, 2, 3, 4, 6, 8 and 12 differ."""
    if depth == 0:
        return LINEAR
    rung = depth - 1 if depth <= 4 else 3 + 2 * math.log2(depth / 4)
    return COLORS[min(round(rung), len(COLORS) - 1)]


def quoted(text: str) -> str:
    """Return the text as MLflow's search language takes it, which has no way to write both kinds of quotes."""
    return f'"{text}"' if "'" in text else f"'{text}'"


def _column(kind: str, key: str) -> str:
    return f"{kind}.`{key}`"


def _param(key: str) -> Json:
    return {"key": key, "type": "PARAM"}


def _metric(key: str) -> Json:
    return {"key": key, "type": "METRIC", "dataAccessKey": key}


def _chart(kind: str, **settings: Any) -> Json:
    return {"type": kind, "runsCountToCompare": 1000, "deleted": False, "isGenerated": False} | settings


def _scatter(x: Json, y: Json) -> Json:
    return _chart("SCATTER", xaxis=x, yaxis=y)
