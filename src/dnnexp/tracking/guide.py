"""How to read the runs: the description that an experiment carries in the MLflow UI."""

from __future__ import annotations

__all__ = ["guide"]

TEXT = """\
Feed-forward networks on **{data}**. Choose a study under *Views*, top right. How to read the runs: open this text.

**Where to look.** A view shows the networks of one study, best first, with depth, widths, activation and learning
rate beside the score; the chart symbol left of the search field draws them. The answer stands in the description of the
run that is named like the study (*Parent run* on the page of any other), with links to the network and the files. To
find a study by hand, search for `` tags.`dnnexp.study` = 'NAME' ``.

**What a name says.** `d3-64x64x32-relu-lr3e-3-t042` has 3 hidden layers of 64, 64 and 32 units, relu, learning rate
0.003, and was trial 42. The colour of a run is its depth, lighter the deeper.

**Roles** (tag `dnnexp.role`)
- `sweep`: a whole study, its trials under it; `depth/…` is the score by number of hidden layers
- `screen`: a trial; `rescore`, `confirm`: a good one scored again, on fresh folds or with fresh seeds
- `champion`: the network that was chosen, trained on all development data; the model is here
- `winner`: the best network of another depth, trained the same way, with its model
- `former`: one that was chosen, until the study went on
- `single`: one run of `dnnexp.train`
- `range`: a learning-rate range test, no trained network; `range/lr` is the rate that it proposes

**Metrics**
- `score/…` is what networks are chosen by: measured on rows they were neither trained on nor stopped by, the mean over
the folds (`_sd`: the standard deviation between them; `_se`: the standard error of the mean, corrected for folds that
share rows)
- `test/…` is measured once, at the end of a run: to look at, not to choose by, as the best of many looks better on the
test set than it is
- `train/…` and `val/…` are curves by epoch
"""


def guide(data: str) -> str:
    """Return the description of the experiment on a data set, as Markdown."""
    return TEXT.format(data=data)
