"""Nothing but a whole model file of this format is read, and nothing in a file can run, escape or fill the memory."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import tracemalloc
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dnnexp import __version__
from dnnexp.model_file import FORMAT, ModelFileError, pack, read_model_file

THETA = np.random.default_rng(0).normal(size=(2, 40)).astype(np.float32)
DESCRIPTION = {"columns": ["a", "b"], "classes": ["größer", "kleiner"], "score": 0.125}
MEBIBYTE = 1 << 20


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "model.npz"
    file.write_bytes(pack(DESCRIPTION, THETA))
    return file


@pytest.fixture
def little_memory() -> Iterator[None]:
    """Fail a test in which Python takes more than a few mebibytes."""
    tracemalloc.start()
    yield
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * MEBIBYTE


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(path: Path, contents: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> None:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)


def npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def claiming(shape: str, descr: str = "<f4", content: bytes = b"") -> bytes:
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + content


def refused(path: Path, words: str) -> None:
    with pytest.raises(ModelFileError) as refusal:
        read_model_file(path)
    assert str(refusal.value).startswith(f"{path}: ")
    assert words in str(refusal.value)


def test_what_was_packed_is_read_and_the_same_model_gives_the_same_bytes(path: Path) -> None:
    description, theta = read_model_file(path)
    assert description == {"format": FORMAT, "dnnexp": __version__, **DESCRIPTION}
    np.testing.assert_array_equal(theta, THETA)
    assert theta.dtype == THETA.dtype
    assert theta.flags.writeable
    assert pack(DESCRIPTION, THETA) == path.read_bytes()


def test_numpy_reads_the_file_too_without_pickle(path: Path) -> None:
    with np.load(path, allow_pickle=False) as file:
        np.testing.assert_array_equal(file["theta"], THETA)
        assert json.loads(file["description"].tobytes())["columns"] == ["a", "b"]


def test_no_truncation_is_read(path: Path) -> None:
    whole = path.read_bytes()
    for length in np.random.default_rng(1).choice(len(whole), 200, replace=False):
        path.write_bytes(whole[:length])
        refused(path, "not a dnnexp model, or damaged")


def test_of_200_flipped_bits_none_makes_another_model(path: Path) -> None:
    whole = path.read_bytes()
    expected = {"format": FORMAT, "dnnexp": __version__, **DESCRIPTION}
    refusals = 0
    for bit in np.random.default_rng(2).choice(8 * len(whole), 200, replace=False):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << (bit % 8)
        path.write_bytes(damaged)
        try:
            description, theta = read_model_file(path)
        except ModelFileError:
            refusals += 1
        else:  # the bit says nothing: a time or an attribute in the archive's own tables
            assert description == expected
            np.testing.assert_array_equal(theta, THETA)
    assert refusals > 100


def test_a_change_that_the_archive_does_not_notice_is_noticed_by_the_checksum(path: Path) -> None:
    for name, content in members(path).items():
        changed = content[:-1] + bytes([content[-1] ^ 1])
        write(path, members(path) | {name: changed})  # zipfile writes a CRC that fits the change
        with pytest.raises(ModelFileError):
            read_model_file(path)
        write(path, members(path) | {name: content})
    read_model_file(path)


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (FORMAT - 1, "train the model again, or read it with the dnnexp 0.9.x that wrote it"),
        (FORMAT + 1, "install the dnnexp 0.9.x that wrote it, or a newer one"),
    ],
)
def test_another_format_is_refused_with_the_remedy(number: int, remedy: str, path: Path) -> None:
    text = json.dumps({"format": number, "dnnexp": "0.9.x"}).encode()
    write(path, {"description.npy": npy(np.frombuffer(text, np.uint8)), "other.npy": b""})
    refused(path, f"format {number}, dnnexp {__version__} reads format {FORMAT}: {remedy}")


@pytest.mark.parametrize("description", [[1], "text", {}, {"format": True}, {"format": "2"}, {"format": None}])
def test_a_description_without_a_format_is_refused(description: Any, path: Path) -> None:
    write(path, {"description.npy": npy(np.frombuffer(json.dumps(description).encode(), np.uint8))})
    refused(path, "its description has no format")


def test_a_description_that_is_no_strict_json_is_refused(path: Path) -> None:
    for text in (b'{"format": NaN}', b"{", b"\xff", b"[" * 100_000, b'{"format": 2} {"format": 2}'):
        write(path, {"description.npy": npy(np.frombuffer(text, np.uint8))})
        refused(path, "not a dnnexp model, or damaged")


def test_a_pickle_is_refused_and_does_not_run(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "ran"

    class Malicious:
        def __reduce__(self) -> tuple[object, tuple[str, str]]:
            return (exec, (f"open({str(target)!r}, 'w')",))

    objects = np.empty(1, object)
    objects[0] = Malicious()
    path.write_bytes(pickle.dumps(Malicious()))
    refused(path, "not a dnnexp model")
    whole = members(pack_at(path))
    for name in whole:
        write(path, whole | {name: npy(objects)})
        refused(path, "not a dnnexp model, or damaged")
    path.write_bytes(npy(objects))
    refused(path, "not a dnnexp model")
    assert not target.exists()


def pack_at(path: Path) -> Path:
    path.write_bytes(pack(DESCRIPTION, THETA))
    return path


def test_a_zip_bomb_is_refused_before_it_is_unpacked(path: Path, little_memory: None) -> None:
    whole = members(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("theta.npy", "w", force_zip64=True) as member:
            member.write(claiming(f"(1, {256 * MEBIBYTE // 4})"))
            for _ in range(256):
                member.write(bytes(MEBIBYTE))
        for name in ("description.npy", "sha256.npy"):
            archive.writestr(name, whole[name], zipfile.ZIP_STORED)
    assert path.stat().st_size < MEBIBYTE
    refused(path, "theta.npy is compressed")


@pytest.mark.parametrize("shape", ["(1, 2684354560)", "(99999999999999999999, 2)", "(-1, 5)", "(2, 41)", "(80,)", "()"])
def test_a_header_that_claims_other_sizes_is_refused_before_memory_is_taken(
    shape: str, path: Path, little_memory: None
) -> None:
    write(path, members(path) | {"theta.npy": claiming(shape, content=THETA.tobytes()[:-4])})
    refused(path, "theta.npy claims")


def test_a_member_that_claims_more_than_the_file_is_refused(path: Path, little_memory: None) -> None:
    content = bytearray(path.read_bytes())
    name = b"theta.npy"
    entry = content.rindex(name)  # in the central directory: sizes stand 22 and 26 bytes before the name
    for place in (entry - 26, entry - 22):
        content[place : place + 4] = (3 << 30).to_bytes(4, "little")
    path.write_bytes(content)
    refused(path, "not a dnnexp model, or damaged")


@pytest.mark.parametrize("name", ["../evil.npy", "/evil.npy", "a/../../evil.npy", "..\\evil.npy", "theta"])
def test_a_path_that_leads_elsewhere_is_refused_and_nothing_is_written(name: str, path: Path, tmp_path: Path) -> None:
    write(path, members(path) | {name: b"x"})
    refused(path, "need the members")
    write(path, {name: b"x"})
    refused(path, "not a dnnexp model, it holds")
    assert [file.name for file in tmp_path.iterdir()] == ["model.npz"]


def test_two_members_of_one_name_are_refused(path: Path) -> None:
    whole = members(path)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in whole.items():
            archive.writestr(name, content)
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("theta.npy", whole["theta.npy"])
    refused(path, "not a dnnexp model")


@pytest.mark.parametrize("array", [THETA.astype(np.float16), THETA.astype(">f4"), np.asfortranarray(THETA), THETA > 0])
def test_arrays_of_another_type_or_order_are_refused(array: np.ndarray, path: Path) -> None:
    text = json.dumps({"format": FORMAT}).encode()
    digest = hashlib.sha256(text + array.tobytes()).digest()
    contents = {"description": np.frombuffer(text, np.uint8), "sha256": np.frombuffer(digest, np.uint8), "theta": array}
    write(path, {f"{name}.npy": npy(value) for name, value in contents.items()})
    refused(path, "theta.npy holds")


def test_what_is_no_file_is_said(tmp_path: Path) -> None:
    refused(tmp_path / "nothing.npz", "no such file")
    refused(tmp_path, "not a file")
    (tmp_path / "empty.npz").touch()
    refused(tmp_path / "empty.npz", "not a dnnexp model, or damaged")
