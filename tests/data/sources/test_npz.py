from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dnnexp.data.dataset import Dataset
from dnnexp.data.schema import DataConfig
from dnnexp.data.sources import load

RNG = np.random.default_rng(0)
X = RNG.standard_normal((20, 3))
Y = np.array([0, 1] * 10)
IMAGES = RNG.integers(0, 256, (20, 2, 4, 3), dtype=np.uint8)


def saved(folder: Path, **arrays: np.ndarray) -> str:
    np.savez(folder / "made.npz", **arrays)
    return str(folder / "made.npz")


def read(path: str, **settings: object) -> Dataset:
    return load(DataConfig(name="npz", path=path, **settings))


def test_an_official_split_is_kept(tmp_path: Path) -> None:
    dataset = read(saved(tmp_path, X_train=X[:14], y_train=Y[:14], X_test=X[14:], y_test=Y[14:]))
    np.testing.assert_array_equal(dataset.X.to_numpy(), X)
    np.testing.assert_array_equal(dataset.y, Y)
    assert dataset.test_rows is not None
    assert dataset.test_rows.tolist() == list(range(14, 20))
    assert "20 rows, of which 6 are the official test rows" in dataset.description
    assert dataset.name == "made"


def test_a_pair_of_arrays_has_no_official_split(tmp_path: Path) -> None:
    dataset = read(saved(tmp_path, X=X, y=Y))
    assert dataset.test_rows is None
    assert list(dataset.X.columns) == ["x_0", "x_1", "x_2"]


def test_images_of_bytes_are_flattened_and_divided_by_255_and_that_is_said(tmp_path: Path) -> None:
    dataset = read(saved(tmp_path, X=IMAGES, y=Y))
    np.testing.assert_array_equal(dataset.X.to_numpy(), IMAGES.reshape(20, 24) / 255)
    assert dataset.image_shape == (2, 4, 3)
    assert "pixels divided by 255" in dataset.description


def test_what_is_odd_in_a_table_is_said_left_out_or_refused(tmp_path: Path) -> None:
    table = np.column_stack([X, np.full(20, 2.5), np.arange(20), np.full(20, np.nan)])
    table[3], y = table[2], Y.copy()
    y[3] = y[2]
    dataset = read(saved(tmp_path, X=table, y=y))
    assert list(dataset.X.columns) == ["x_0", "x_1", "x_2", "x_4"]
    said = " ".join(" ".join(dataset.summary).split())
    assert "not used 'x_3', 'x_5': the same in every row" in said
    assert "warning 1 of 20 rows is the same as an earlier one, target included" in said
    numbered = read(saved(tmp_path, X=np.column_stack([X, np.arange(20)]), y=Y)).summary
    assert "'x_3': another whole number in every row; if it only names the rows, leave it out of X" in " ".join(
        " ".join(numbered).split()
    )


def test_a_column_that_says_the_target_is_refused_unless_it_is_wanted(
    tmp_path: Path, refusal: Callable[..., str]
) -> None:
    path = saved(tmp_path, X=np.column_stack([X, 5 - Y]), y=Y)
    message = refusal(name="npz", path=path)
    assert "made.npz: column 'x_3' says the same as the target 'y' in every row" in message
    assert message.endswith("leave it out of X, or keep it with data.allow_leaks=true")
    assert list(read(path, allow_leaks=True).X.columns) == ["x_0", "x_1", "x_2", "x_3"]


def test_whole_numbers_that_label_images_are_classes_however_many(tmp_path: Path) -> None:
    many = np.arange(60, dtype=np.uint8) % 26
    images = RNG.integers(0, 256, (60, 2, 3), dtype=np.uint8)
    assert read(saved(tmp_path, X=images, y=many)).task == "multiclass"
    assert read(saved(tmp_path, X=images, y=many.astype(float))).task == "regression"
    assert read(saved(tmp_path, X=images.reshape(60, 6), y=many)).task == "regression"


@pytest.mark.parametrize("inputs", [IMAGES.astype(np.float32), IMAGES.reshape(20, 24)])
def test_other_numbers_are_left_as_they_are(tmp_path: Path, inputs: np.ndarray) -> None:
    dataset = read(saved(tmp_path, X=inputs, y=Y))
    np.testing.assert_array_equal(dataset.X.to_numpy(), IMAGES.reshape(20, 24))
    assert "255" not in dataset.description


def test_targets_may_be_texts_one_column_or_several(tmp_path: Path) -> None:
    assert read(saved(tmp_path, X=X, y=np.array(["no", "yes"])[Y])).classes == ("no", "yes")
    assert read(saved(tmp_path, X=X, y=Y[:, None])).classes == ("0", "1")
    assert read(saved(tmp_path, X=X, y=X[:, :2] * X[:, 2:])).target_names == ("y_0", "y_1")


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"X": X, "z": Y}, "made.npz: need the arrays X_train, y_train, X_test, y_test or X, y, got X, z"),
        ({"X": X, "y": Y[:-1]}, "made.npz: y must be (20,) or (20, targets) for X (20, 3), got (19,)"),
        ({"X": X[:, 0], "y": Y}, "made.npz: X must be numbers (examples, columns…), got float64 (20,)"),
        ({"X": X.astype(str), "y": Y}, "made.npz: X must be numbers"),
        ({"X": X[:0], "y": Y[:0]}, "made.npz: need rows and columns, got X (0, 3) and y (0,)"),
        ({"X": X[:5], "y": Y[:5]}, "made.npz: need at least 10 rows, got 5"),
        ({"X": X, "y": Y * 0}, "made.npz: target 'y' must vary, but every row has '0'"),
        ({"X": np.where(X[4, 1] == X, np.inf, X), "y": Y}, "made.npz: column 'x_1', row 5: an infinite value"),
        (
            {"X": X, "y": np.array([None] * 20)},
            "made.npz: need an archive of plain arrays, cannot read an array of Python",
        ),
        ({"X": X, "y": Y.astype("datetime64[D]")}, "made.npz: target 'y' must hold numbers, booleans or texts"),
        (
            {"X_train": X, "y_train": Y, "X_test": X[:, :2], "y_test": Y},
            "made.npz: X_train and X_test must be alike, got float64 (20, 3) and float64 (20, 2)",
        ),
        (
            {"X_train": X, "y_train": Y, "X_test": X, "y_test": Y.astype(str)},
            "made.npz: y_train and y_test must be alike",
        ),
    ],
)
def test_an_archive_that_cannot_be_used_is_refused(
    tmp_path: Path, refusal: Callable[..., str], arrays: dict[str, np.ndarray], message: str
) -> None:
    assert refusal(name="npz", path=saved(tmp_path, **arrays)).startswith(message)


def test_a_file_that_is_no_archive_or_a_broken_one_is_refused(tmp_path: Path, refusal: Callable[..., str]) -> None:
    np.save(tmp_path / "single.npy", X)
    (tmp_path / "text.npz").write_text("a,b\n1,2\n")
    content = bytearray(Path(saved(tmp_path, X=X, y=Y)).read_bytes())
    content[200:210] = bytes(10)
    (tmp_path / "broken.npz").write_bytes(content)
    for name in ("single.npy", "text.npz"):
        assert f"{name}: no .npz archive" in refusal(name="npz", path=str(tmp_path / name))
    assert "broken.npz: need an archive of plain arrays" in refusal(name="npz", path=str(tmp_path / "broken.npz"))


def test_the_cats_of_the_introductory_course_are_read_with_their_split(shared: Callable[[str], str]) -> None:
    dataset = read(shared("cat_vs_noncat.npz"))
    assert dataset.X.shape == (259, 12288)
    assert (dataset.task, dataset.image_shape) == ("binary", (64, 64, 3))
    assert dataset.test_rows is not None
    assert len(dataset.test_rows) == 50
    assert 0 <= dataset.X.to_numpy().min() < dataset.X.to_numpy().max() <= 1
