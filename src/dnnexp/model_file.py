"""Model files: one array and JSON in an .npz archive with a checksum inside; nothing in them executes.

The archive has three members: `description`, JSON as bytes; `theta`, floats; `sha256`, of both. None of them is
compressed, so that a file takes no more memory than it is long, and every size is held against what is there before
anything is allocated. `numpy.load(path, allow_pickle=False)` reads it too.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import warnings
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from dnnexp import __version__
from dnnexp.errors import DataError

__all__ = ["FORMAT", "ModelFileError", "pack", "read_model_file"]

Array = npt.NDArray[Any]
FORMAT = 3  # of the file; 1 had no checksum, 2 no thresholds
MEMBERS = ["description.npy", "sha256.npy", "theta.npy"]
BYTES = ("|u1",)
FLOATS = ("<f4", "<f8")
DAMAGE = (
    OSError,
    ValueError,
    EOFError,
    RuntimeError,
    LookupError,
    TypeError,
    MemoryError,
    OverflowError,
    Warning,
    zipfile.BadZipFile,
    zlib.error,
)


class ModelFileError(DataError):
    """A file that is no model, is damaged, or is of another format; the message names the file and what is wrong."""


def pack(description: Mapping[str, Any], theta: Array) -> bytes:
    """Return the content of a model file; the same model gives the same bytes.

    description: finite JSON, to which the format and the version of dnnexp are added. theta: float32 or float64.
    """
    text = json.dumps({"format": FORMAT, "dnnexp": __version__, **description}, allow_nan=False).encode()
    theta = np.ascontiguousarray(theta, theta.dtype.newbyteorder("<"))
    digest = np.frombuffer(_digest(text, theta), np.uint8)
    buffer = io.BytesIO()
    np.savez(buffer, description=np.frombuffer(text, np.uint8), theta=theta, sha256=digest)
    return buffer.getvalue()


def read_model_file(path: Path) -> tuple[dict[str, Any], Array]:
    """Return the description and theta that `pack` wrote. Raises ModelFileError for anything else."""
    if not path.is_file():
        raise ModelFileError(f"{path}: {'not a file' if path.exists() else 'no such file'}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # NumPy warns of headers that it did not write itself
            return _read(path)
    except DAMAGE as error:
        raise ModelFileError(f"{path}: not a dnnexp model, or damaged: {str(error) or type(error).__name__}") from None


def _read(path: Path) -> tuple[dict[str, Any], Array]:
    limit = path.stat().st_size
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        names = sorted(member.filename for member in members)
        if MEMBERS[0] not in names or len(set(names)) < len(names):
            raise ModelFileError(f"{path}: not a dnnexp model, it holds {names[:5]}")
        text = _array(archive, MEMBERS[0], BYTES, limit).tobytes()
        description = json.loads(text, parse_constant=_refuse_constant)
        _require_format(path, description)
        if names != MEMBERS:
            raise ModelFileError(f"{path}: not a dnnexp model, need the members {MEMBERS}, got {names[:5]}")
        digest, theta = _array(archive, MEMBERS[1], BYTES, limit), _array(archive, MEMBERS[2], FLOATS, limit)
    if digest.tobytes() != _digest(text, theta):
        raise ModelFileError(f"{path}: damaged, its checksum does not match its content; fetch or train it again")
    return description, theta


def _array(archive: zipfile.ZipFile, name: str, dtypes: tuple[str, ...], limit: int) -> Array:
    """Return an array of the archive; raise ValueError where its sizes do not agree, before memory is taken."""
    member = archive.getinfo(name)
    if member.compress_type != zipfile.ZIP_STORED or member.file_size != member.compress_size:
        raise ValueError(f"{name} is compressed, which no model file is")
    if member.file_size > limit:
        raise ValueError(f"{name} claims {member.file_size:,} bytes, the file has {limit:,}")
    with archive.open(member) as file:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, is_by_columns, dtype = read(file)
        said, held = math.prod(shape) * dtype.itemsize, member.file_size - file.tell()
        if said != held:
            raise ValueError(f"{name} claims {said:,} bytes, it holds {held:,}")
        if dtype.str not in dtypes or is_by_columns:
            raise ValueError(f"{name} holds {dtype}, need {' or '.join(dtypes)} by rows")
        return np.frombuffer(file.read(said), dtype).reshape(shape).copy()


def _require_format(path: Path, description: Any) -> None:
    number = description.get("format") if isinstance(description, dict) else None
    if type(number) is not int:
        raise ModelFileError(f"{path}: not a dnnexp model, its description has no format")
    if number == FORMAT:
        return
    writer = f"dnnexp {str(description.get('dnnexp', ''))[:40]}".strip()
    if number > FORMAT:
        remedy = f"install the {writer} that wrote it, or a newer one"
    else:
        remedy = f"train the model again, or read it with the {writer} that wrote it"
    raise ModelFileError(f"{path}: format {number}, dnnexp {__version__} reads format {FORMAT}: {remedy}")


def _digest(text: bytes, theta: Array) -> bytes:
    digest = hashlib.sha256(json.dumps([len(text), theta.dtype.str, theta.shape]).encode())
    digest.update(text)
    digest.update(theta.data)
    return digest.digest()


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")
