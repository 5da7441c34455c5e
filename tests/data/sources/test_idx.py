from __future__ import annotations

import gzip
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dnnexp.data.dataset import Dataset
from dnnexp.data.schema import DataConfig
from dnnexp.data.sources import load
from dnnexp.data.sources.idx import read_idx

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (30, 4, 3), dtype=np.uint8)
LABELS = (np.arange(30) % 3).astype(np.uint8)
CODES = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}


def packed(array: np.ndarray) -> bytes:
    """Return the array as its format is described beside MNIST: magic number, sizes, values, all big-endian."""
    head = struct.pack(">BBBB", 0, 0, CODES[array.dtype.str[1:]], array.ndim)
    return head + struct.pack(f">{array.ndim}I", *array.shape) + array.astype(array.dtype.newbyteorder(">")).tobytes()


def write(folder: Path, part: str, images: np.ndarray, labels: np.ndarray, ending: str = "") -> str:
    pack = gzip.compress if ending else bytes
    (folder / f"{part}-images-idx3-ubyte{ending}").write_bytes(pack(packed(images)))
    (folder / f"{part}-labels-idx1-ubyte{ending}").write_bytes(pack(packed(labels)))
    return str(folder / f"{part}-images-idx3-ubyte{ending}")


def read(path: str, **settings: object) -> Dataset:
    return load(DataConfig(name="idx", path=path, **settings))


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_a_training_and_a_test_pair_are_read_with_their_split(tmp_path: Path, ending: str) -> None:
    path = write(tmp_path, "train", IMAGES[:20], LABELS[:20], ending)
    write(tmp_path, "t10k", IMAGES[20:], LABELS[20:], ending)
    dataset = read(path)
    np.testing.assert_array_equal(dataset.X.to_numpy(), IMAGES.reshape(30, 12) / 255)
    np.testing.assert_array_equal(dataset.y, LABELS)
    assert (dataset.classes, dataset.image_shape) == (("0", "1", "2"), (4, 3))
    assert dataset.test_rows is not None
    assert dataset.test_rows.tolist() == list(range(20, 30))
    assert "pixels divided by 255" in dataset.description


def test_labels_are_classes_however_many_and_a_quantity_where_that_is_asked(tmp_path: Path) -> None:
    labels = (np.arange(94) % 47).astype(np.uint8)
    path = write(tmp_path, "train", RNG.integers(0, 256, (94, 4, 3), dtype=np.uint8), labels)
    dataset = read(path)
    assert (dataset.task, len(dataset.classes)) == ("multiclass", 47)
    assert "multiclass, because it has 47 distinct whole numbers, the labels of images" in dataset.description
    assert read(path, task="regression").task == "regression"


def test_pixels_that_never_vary_are_said_and_stay(tmp_path: Path) -> None:
    images = IMAGES.copy()
    images[:, 0, 1], images[:, 3, 2] = 7, 0
    dataset = read(write(tmp_path, "train", images, LABELS))
    said = "  constant    2 columns are the same in every row: pixel_1, pixel_11"
    assert said in dataset.summary
    assert dataset.X.shape == (30, 12)


def test_files_of_other_names_are_named_and_rows_limited(tmp_path: Path) -> None:
    for name, array in {"a": IMAGES, "b": LABELS}.items():
        (tmp_path / name).write_bytes(packed(array))
    dataset = read(str(tmp_path / "a"), labels_path=str(tmp_path / "b"), rows=12)
    assert len(dataset.X) == 12
    assert dataset.test_rows is None
    test = write(tmp_path, "final", IMAGES[:5], LABELS[:5])
    dataset = read(str(tmp_path / "a"), labels_path=str(tmp_path / "b"), rows=12, test_path=test)
    assert dataset.test_rows is not None
    assert dataset.test_rows.tolist() == list(range(12, 17))


@pytest.mark.parametrize("dtype", CODES)
def test_every_type_of_value_is_read(tmp_path: Path, dtype: str) -> None:
    array = RNG.integers(0, 100, (3, 2, 2)).astype(dtype)
    (tmp_path / "x").write_bytes(packed(array))
    np.testing.assert_array_equal(read_idx(tmp_path / "x"), array)
    assert read_idx(tmp_path / "x").dtype == array.dtype


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a,b,c\n1,2,3\n", "train-images-idx3-ubyte: no IDX file (its first bytes are 61 2c 62 2c)"),
        (b"\0\0", "no IDX file"),
        (packed(IMAGES)[:-1], "says that it holds (30, 4, 3), 360 bytes, but holds 359: is it whole?"),
        (packed(IMAGES) + b"\0", "360 bytes, but holds 361"),
        (b"\0\0\x08\x03" + b"\xff" * 12, "but holds 0: is it whole?"),
        (packed(LABELS), "need images (examples, rows, columns), got (30,)"),
        (packed(IMAGES[:29]), "train-labels-idx1-ubyte: need 29 labels, one for each image of train-images-idx3-ubyte"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_refused(
    tmp_path: Path, refusal: Callable[..., str], content: bytes, message: str
) -> None:
    path = write(tmp_path, "train", IMAGES, LABELS)
    Path(path).write_bytes(content)
    assert message in refusal(name="idx", path=path)


def test_labels_that_are_not_there_and_images_of_two_sizes_are_refused(
    tmp_path: Path, refusal: Callable[..., str]
) -> None:
    path = write(tmp_path, "train", IMAGES, LABELS)
    test = write(tmp_path, "t10k", IMAGES[:, :2], LABELS)
    assert "need images of one size, got (30, 4, 3) and (30, 2, 3)" in refusal(name="idx", path=path)
    Path(test).with_name("t10k-labels-idx1-ubyte").unlink()
    assert "data.test_path: no labels beside t10k-images-idx3-ubyte" in refusal(name="idx", path=path)
    (tmp_path / "pictures").write_bytes(packed(IMAGES))
    message = refusal(name="idx", path=str(tmp_path / "pictures"))
    assert message == "data.labels_path: need the file of labels that goes with pictures, got none"
