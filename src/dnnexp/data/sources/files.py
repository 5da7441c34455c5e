"""A file that the user names: found and unpacked, or refused with the name that was probably meant."""

from __future__ import annotations

import bz2
import codecs
import difflib
import gzip
import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from dnnexp.errors import ConfigError, DataError
from dnnexp.user_path import user_path

if TYPE_CHECKING:
    from dnnexp.data.schema import DataConfig

__all__ = ["existing_file", "plain_name", "text_codec", "unpacked"]

PACKED = (".gz", ".bz2", ".xz", ".zip")


def existing_file(config: DataConfig, key: str = "path") -> Path:
    """Return the path of `data.<key>`. Raises ConfigError where it is not set, DataError where it is no file."""
    given: str | None = getattr(config, key)
    if not given:
        raise ConfigError(f"data.{key}: need a file for data={config.name}, got none")
    path = user_path(f"data.{key}", given)
    try:
        if path.is_file():
            if path.stat().st_size == 0:
                raise DataError(f"data.{key}: {given} is empty")
            return path
        if path.is_dir():
            raise DataError(f"data.{key}: {given} is a folder, need a file")
        folder = path.parent
        if not folder.is_dir():
            raise DataError(f"data.{key}: no file {given}: there is no folder {folder}")
        names = [entry.name for entry in folder.iterdir() if entry.is_file()]
    except (OSError, ValueError) as error:
        raise DataError(f"data.{key}: cannot read {given!r}: {error}") from error
    close = difflib.get_close_matches(path.name, names, n=1, cutoff=0.5)
    guess = f", did you mean {folder / close[0]}?" if close else ""
    raise DataError(f"data.{key}: no file {given}{guess}")


def plain_name(path: Path) -> str:
    """Return the file's name without its endings: "diamonds" of diamonds.csv.gz."""
    return Path(path.stem).stem if path.suffix.lower() in PACKED else path.stem


def text_codec(encoding: str | None) -> str:
    """Return what decodes a text of that encoding, None: UTF-8, whose byte order mark is no part of the text."""
    if encoding is None or codecs.lookup(encoding).name == "utf-8":
        return "utf-8-sig"
    return encoding


def unpacked(path: Path) -> bytes:
    """Return the file's content, unpacked where its first bytes are those of gzip, bzip2, xz or zip.

    Raises DataError for a file that cannot be read, is damaged, or is an archive of several files.
    """
    try:
        content = path.read_bytes()
        unpack = next((unpack for start, unpack in UNPACKERS.items() if re.match(start, content)), None)
        return content if unpack is None else unpack(content)
    except (
        OSError,
        EOFError,
        ValueError,
        RuntimeError,  # an encrypted archive, a method that is not known
        MemoryError,
        zlib.error,
        lzma.LZMAError,
        zipfile.BadZipFile,
    ) as error:
        raise DataError(f"{path.name}: cannot be read: {error}") from error


def _only_member(content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [info.filename for info in archive.infolist() if not info.is_dir()]
        if len(names) != 1:
            raise ValueError(f"an archive of {len(names)} files (a spreadsheet?), need one file; save it as CSV")
        return archive.read(names[0])


UNPACKERS: dict[bytes, Callable[[bytes], bytes]] = {
    rb"\x1f\x8b": gzip.decompress,
    rb"BZh[1-9]1AY&SY": bz2.decompress,
    rb"\xfd7zXZ\x00": lzma.decompress,
    rb"PK\x03\x04": _only_member,
}
