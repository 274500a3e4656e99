"""Reads .npz, .npy and .pth files of other people, object arrays too. Executes nothing in them.

numpy stores ragged arrays as a pickle, which may ask for any function to be called. Here a pickle
is read with stand-ins for the five names that an array of numbers needs; any other name is
refused, and numpy's own constructors, which trust the numbers given to them, are never called.
"""

import io
import pickle
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from diffbgm.errors import DatasetError
from diffbgm.files.arrays import DAMAGE

DEEPEST_NESTING = 8
"""Of lists, tuples, dicts and arrays inside one another; a table of a song has 4."""

_NUMBERS = frozenset(
    f"{kind}{size}" for kind, sizes in {"i": "1248", "u": "1248", "f": "248"}.items()
    for size in sizes
) | {"b1"}  # fmt: skip

# What damaged or hostile files make the readers raise.
_READING_ERRORS = (*DAMAGE, ValueError, RecursionError, pickle.UnpicklingError)


def read_npz(path: Path, names: tuple[str, ...]) -> dict[str, Any]:
    """The named entries of an .npz file.

    An array of numbers comes as an array; an array of objects as nested lists, tuples and dicts
    of numbers and arrays. DatasetError names the file and what is wrong with it.
    """
    with _refusing(path), zipfile.ZipFile(path) as archive:
        missing = {f"{name}.npy" for name in names} - set(archive.namelist())
        if missing:
            listed = ", ".join(sorted(name.removesuffix(".npy") for name in missing))
            raise DatasetError(f"{path}: has no {listed}; copy it again")
        return {name: _read_npy(archive.read(f"{name}.npy")) for name in names}


def read_npy(path: Path) -> np.ndarray:
    """The array of numbers in an .npy file; DatasetError names the file and what is wrong."""
    with _refusing(path):
        return np.load(io.BytesIO(path.read_bytes()), allow_pickle=False)


def read_tensor(path: Path) -> np.ndarray:
    """The tensor of numbers in a .pth file; DatasetError names the file and what is wrong."""
    import torch

    with _refusing(path), path.open("rb") as file:
        try:
            content = torch.load(file, map_location="cpu", weights_only=True)
        except Exception as exc:  # on hostile files torch raises nearly anything
            raise ValueError(exc) from exc
        if not isinstance(content, torch.Tensor):
            raise ValueError(f"it holds no tensor but a {type(content).__name__}")
        if content.layout != torch.strided or not content.is_floating_point():
            raise ValueError("its tensor is not dense, or not of floating-point numbers")
        return content.detach().float().numpy()


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as exc:
        raise DatasetError(f"{path}: is missing") from exc
    except _READING_ERRORS as exc:
        reason = next(iter(str(exc).strip().splitlines()), "") or type(exc).__name__
        raise DatasetError(
            f"{path}: cannot be read safely, and nothing in it was executed; copy it again "
            f"({reason[:120]})"
        ) from exc


def _read_npy(data: bytes) -> Any:
    file = io.BytesIO(data)
    version = np.lib.format.read_magic(file)
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    if version not in readers:
        raise ValueError(f"unknown version {version} of the .npy format")
    _, _, dtype = readers[version](file)
    if not dtype.hasobject:
        return np.load(io.BytesIO(data), allow_pickle=False)
    return _Unfolding(len(data)).plain(_Unpickler(file).load())


class _Unpickler(pickle.Unpickler):
    """Admits the names that numpy's pickles of numbers hold, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        admitted = {
            ("numpy", "ndarray"): "numpy.ndarray",  # just named, never called
            ("numpy", "dtype"): _Dtype,
            ("_codecs", "encode"): _encoded,
        }
        if module in ("numpy.core.multiarray", "numpy._core.multiarray"):
            admitted |= {(module, "_reconstruct"): _Array, (module, "scalar"): _scalar}
        if (module, name) not in admitted:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return admitted[module, name]


class _Dtype:
    """Stands for numpy.dtype."""

    def __init__(self, code: str, align: bool = False, copy: bool = False) -> None:
        self.is_object = code in ("O", "O8")
        if not self.is_object and code not in _NUMBERS:
            raise pickle.UnpicklingError(f"it holds values of type {code!r}")
        self.code = code

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        if state[1] == ">":
            self.code = f">{self.code}"

    def read(self, data: bytes) -> np.ndarray:
        return np.frombuffer(data, self.code)


class _Array:
    """Stands for numpy.ndarray while it is put together."""

    def __init__(self, kind: str, shape: tuple[int, ...], code: bytes) -> None:
        self.content: Any = []

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, dtype, is_fortran, data = state
        order = "F" if is_fortran else "C"
        if dtype.is_object:
            flat = np.empty(len(data), object)
            for index, item in enumerate(data):
                flat[index] = item
            self.content = flat.reshape(shape, order=order).tolist()
        else:
            self.content = dtype.read(data).reshape(shape, order=order)


def _scalar(dtype: _Dtype, data: bytes) -> int | float | bool:
    return dtype.read(data)[0].item()


def _encoded(text: str, encoding: str) -> bytes:
    """How pickles of the oldest protocol hold bytes."""
    return text.encode("latin1")


class _Unfolding:
    """Puts arrays in the place of their stand-ins.

    Every item of an honest pickle takes a byte or more; one with more items than bytes holds the
    same list over and over, in order to fill the memory.
    """

    def __init__(self, most_items: int) -> None:
        self.items_left = most_items

    def plain(self, value: Any, depth: int = 0) -> Any:
        self.items_left -= 1
        if depth > DEEPEST_NESTING or self.items_left < 0:
            raise pickle.UnpicklingError("it is nested too deeply")
        if isinstance(value, _Array):
            return self.plain(value.content, depth + 1)
        if isinstance(value, (list, tuple)):
            return [self.plain(item, depth + 1) for item in value]
        if isinstance(value, dict):
            return {key: self.plain(item, depth + 1) for key, item in value.items()}
        if isinstance(value, (int, float, str, np.ndarray)):
            return value
        raise pickle.UnpicklingError(f"it holds a {type(value).__name__}")
