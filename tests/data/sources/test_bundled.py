from __future__ import annotations

import pytest

from dnnexp.data.schema import DataConfig
from dnnexp.data.sources import load


@pytest.mark.parametrize(
    ("name", "shape", "task", "classes"),
    [
        ("digits", (1797, 64), "multiclass", tuple("0123456789")),
        ("iris", (150, 4), "multiclass", ("setosa", "versicolor", "virginica")),
        ("wine", (178, 13), "multiclass", ("class_0", "class_1", "class_2")),
        ("breast_cancer", (569, 30), "binary", ("benign", "malignant")),
        ("diabetes", (442, 10), "regression", ()),
    ],
)
def test_a_bundled_set_has_its_published_shape_and_classes(
    name: str, shape: tuple[int, int], task: str, classes: tuple[str, ...]
) -> None:
    dataset = load(DataConfig(name=name))
    assert (dataset.X.shape, dataset.task, dataset.classes) == (shape, task, classes)


def test_what_is_constant_or_doubled_in_a_bundled_set_is_said() -> None:
    said = {name: " ".join(" ".join(load(DataConfig(name=name)).summary).split()) for name in ("digits", "iris")}
    assert "constant 3 columns are the same in every row: pixel_0_0, pixel_4_0, pixel_4_7 target" in said["digits"]
    assert "warning 1 of 150 rows is the same as an earlier one, target included" in said["iris"]


def test_malignant_tumours_are_the_class_that_is_looked_for() -> None:
    dataset = load(DataConfig(name="breast_cancer"))
    assert (dataset.y == 1).sum() == 212  # Street, Wolberg and Mangasarian 1993: 357 benign, 212 malignant


def test_diabetes_is_in_its_own_units() -> None:
    dataset = load(DataConfig(name="diabetes"))
    assert dataset.X["age"].between(19, 79).all()
    assert (dataset.y.min(), dataset.y.max()) == (25, 346)


def test_digits_are_images_of_8_by_8_and_can_be_read_as_a_quantity() -> None:
    dataset = load(DataConfig(name="digits", task="regression"))
    assert dataset.image_shape == (8, 8)
    assert dataset.y.shape == (1797, 1)
