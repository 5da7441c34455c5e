"""A file that the user names: found and unpacked, or refused with the name that was probably meant."""

from __future__ import annotations

import bz2
import codecs
import difflib
import gzip
import lzma
import re
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from dnnexp.errors import ConfigError, DataError
from dnnexp.user_path import user_path

if TYPE_CHECKING:
    from dnnexp.data.schema import DataConfig

__all__ = [
    "PARQUET",
    "UNREADABLE",
    "encoding_remedy",
    "existing_file",
    "plain_name",
    "text_codec",
    "unpacked",
    "unpacking",
]

PARQUET = b"PAR1"  # the first bytes of such a file
PACKED = (".gz", ".bz2", ".xz", ".zip")
START = 10  # bytes by which a packed file is recognised
UNREADABLE = (  # errors of a file that is packed and damaged, or cannot be read at all
    OSError,
    EOFError,
    RuntimeError,  # an encrypted archive, a method that is not known
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
)


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


def encoding_remedy(error: UnicodeError, codec: str) -> str:
    """Return what is to be done about a text that is not of the encoding it was decoded by."""
    marks = (b"\xff\xfe", b"\xfe\xff")
    is_marked = isinstance(error, UnicodeDecodeError) and error.object.startswith(marks)
    guess = "utf-16" if is_marked and codec != "utf-16" else "latin-1"
    return f"save it as UTF-8, or name its encoding, for instance data.encoding={guess}"


def unpacked(path: Path) -> bytes:
    """Return the file's content, unpacked where its first bytes are those of gzip, bzip2, xz or zip.

    Raises DataError for a file that cannot be read, is damaged, or is an archive of several files.
    """
    try:
        with path.open("rb") as file:
            return unpacking(file).read()
    except (*UNREADABLE, MemoryError) as error:
        raise DataError(f"{path.name}: cannot be read: {error}") from error


def unpacking(file: IO[bytes]) -> IO[bytes]:
    """Return what reads a file's content, unpacked as it is read; the file itself where it is not packed.

    It raises UNREADABLE errors, as this does.
    """
    start = file.read(START)
    file.seek(0)
    unpack = next((unpack for pattern, unpack in UNPACKERS.items() if re.match(pattern, start)), None)
    return file if unpack is None else unpack(file)


def _only_member(file: IO[bytes]) -> IO[bytes]:
    try:
        archive = zipfile.ZipFile(file)
        members = [member for member in archive.infolist() if not member.is_dir()]
        if len(members) == 1:
            return archive.open(members[0])
    except ValueError as error:  # a name that is no text
        raise zipfile.BadZipFile(f"a damaged archive: {error}") from error
    raise zipfile.BadZipFile(f"an archive of {len(members)} files (a spreadsheet?), need one file; save it as CSV")


UNPACKERS: dict[bytes, Callable[[IO[bytes]], Any]] = {
    rb"\x1f\x8b": gzip.open,
    rb"BZh[1-9](1AY&SY|\x17rE8P\x90)": bz2.open,  # the second: of nothing
    rb"\xfd7zXZ\x00": lzma.open,
    rb"PK\x03\x04": _only_member,
}
