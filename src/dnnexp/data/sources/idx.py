"""IDX files, as MNIST and its like come in: images and labels, packed or not, with a test pair beside them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dnnexp.data.dataset import Dataset, assemble
from dnnexp.data.sources.files import existing_file, plain_name, unpacked
from dnnexp.errors import ConfigError, DataError

if TYPE_CHECKING:
    from dnnexp.data.schema import DataConfig

__all__ = ["idx"]

TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}  # by the third byte of a file


def idx(config: DataConfig) -> Dataset:
    """Return the data set of a file of images and its labels; bytes are divided by 255.

    Labels are those of `data.labels_path`, else of the file beside the images named like it: labels-idx1 for
    images-idx3. Where a t10k- pair stands beside a train- pair, or `data.test_path` names images, it is the official
    test. Raises DataError for files that are missing, damaged, of another format, or do not fit each other.
    """
    images_path = existing_file(config)
    is_beside = config.labels_path is None
    labels_path = _labels_path(images_path, "path") if is_beside else existing_file(config, "labels_path")
    test_path = None if config.test_path is None else existing_file(config, "test_path")
    pairs = [_pair(images_path, labels_path)]
    if config.rows is not None:
        pairs = [(pairs[0][0][: config.rows], pairs[0][1][: config.rows])]
    if test_path is None and images_path.name.startswith("train"):
        beside = images_path.with_name(images_path.name.replace("train", "t10k", 1))
        test_path = beside if beside.is_file() else None
    if test_path is not None:
        pairs.append(_pair(test_path, _labels_path(test_path, "test_path")))
        if pairs[0][0].shape[1:] != pairs[1][0].shape[1:]:
            shapes = " and ".join(str(images.shape) for images, _ in pairs)
            raise DataError(f"{images_path.name} and {test_path.name}: need images of one size, got {shapes}")
    images = np.concatenate([images for images, _ in pairs])
    labels = np.concatenate([labels for _, labels in pairs])
    inputs = images.reshape(len(images), math.prod(images.shape[1:])).astype(np.float64)
    origin = images_path.name
    if images.dtype.kind == "u":
        inputs /= 255
        origin += " (pixels divided by 255)"
    return assemble(
        plain_name(images_path),
        inputs,
        [f"pixel_{i}" for i in range(inputs.shape[1])],
        labels,
        ["label"],
        config.task,
        origin=origin,
        test_rows=np.arange(len(pairs[0][0]), len(images)) if len(pairs) == 2 else None,
        image_shape=images.shape[1:] if images.ndim > 2 else None,
        of_images=True,
    )


def _labels_path(images: Path, key: str) -> Path:
    """Return the file of labels that stands beside a file of images; raise where there is none."""
    name = images.name.replace("images", "labels").replace("idx3", "idx1")
    beside = images.with_name(name)
    if name == images.name:
        raise ConfigError(f"data.labels_path: need the file of labels that goes with {images.name}, got none")
    if not beside.is_file():
        raise DataError(f"data.{key}: no labels beside {images.name}: there is no file {beside}")
    return beside


def _pair(images_path: Path, labels_path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return images (examples, …) and labels (examples,)."""
    images, labels = read_idx(images_path), read_idx(labels_path)
    if images.ndim < 2 or not images.size:
        raise DataError(f"{images_path.name}: need images (examples, rows, columns), got {images.shape}")
    if labels.ndim != 1 or len(labels) != len(images):
        raise DataError(
            f"{labels_path.name}: need {len(images):,} labels, one for each image of {images_path.name}, "
            f"got {labels.shape}"
        )
    return images, labels


def read_idx(path: Path) -> np.ndarray:
    """Return the array of a file. Raises DataError for what is no IDX file or holds less or more than it says."""
    content = unpacked(path)
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in TYPES or not 1 <= content[3] <= 8:
        raise DataError(f"{path.name}: no IDX file (its first bytes are {content[:4].hex(' ')})")
    dtype, axes = np.dtype(TYPES[content[2]]), content[3]
    start = 4 + 4 * axes
    shape = tuple(int.from_bytes(content[i : i + 4], "big") for i in range(4, start, 4))
    said, there = math.prod(shape) * dtype.itemsize, len(content) - start
    if said != there:
        raise DataError(f"{path.name}: says that it holds {shape}, {said:,} bytes, but holds {there:,}: is it whole?")
    values = np.frombuffer(content, dtype, offset=start).reshape(shape)
    return values.astype(dtype.newbyteorder("="))
