"""Reading NRRD volumes, as 3D Slicer writes them (raw or gzip encoded, attached or detached data)."""

from __future__ import annotations

import math
import sys
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fluorosam_sim.patients.assemble import check_memory
from fluorosam_sim.patients.nifti import check_geometry
from fluorosam_sim.patients.patient import PatientError

_TYPES = {
    "signed char": "i1", "int8": "i1", "int8_t": "i1", "uchar": "u1", "unsigned char": "u1", "uint8": "u1",
    "uint8_t": "u1", "short": "i2", "signed short": "i2", "int16": "i2", "int16_t": "i2", "ushort": "u2",
    "unsigned short": "u2", "uint16": "u2", "uint16_t": "u2", "int": "i4", "signed int": "i4", "int32": "i4",
    "int32_t": "i4", "uint": "u4", "unsigned int": "u4", "uint32": "u4", "uint32_t": "u4", "float": "f4",
    "double": "f8",
}  # fmt: skip
_TO_LPS = {
    "left-posterior-superior": (1.0, 1.0), "lps": (1.0, 1.0),
    "right-anterior-superior": (-1.0, -1.0), "ras": (-1.0, -1.0),
    "left-anterior-superior": (1.0, -1.0), "las": (1.0, -1.0),
}  # fmt: skip
_LARGEST_HEADER = 1 << 20


def read_nrrd(path: Path, what: str) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float64]]:
    """(i, j, k) array and LPS affine (4, 4) of an NRRD file; `what` names it in errors.

    Raises PatientError for a file that is damaged, of another dimension or without orientation.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise PatientError(f"There is no readable {what} at {path}.") from error
    try:
        return _decode(raw, path, what)
    except (ValueError, KeyError, EOFError, OSError, zlib.error) as error:
        if isinstance(error, PatientError):
            raise
        raise PatientError(f"{path} is not a readable NRRD {what} ({type(error).__name__}).") from error


def _decode(raw: bytes, path: Path, what: str) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float64]]:
    if not raw.startswith(b"NRRD000"):
        raise PatientError(f"{path} is not a readable NRRD {what} (it does not begin as one).")
    ends = [
        raw.find(mark, 0, _LARGEST_HEADER) + len(mark)
        for mark in (b"\n\n", b"\r\n\r\n")
        if mark in raw[:_LARGEST_HEADER]
    ]
    end = min(ends) if ends else len(raw)
    fields: dict[str, str] = {}
    for line in raw[:end].decode("utf-8", "replace").splitlines()[1:]:
        key, found, value = line.partition(":")
        if found and not line.startswith("#"):
            fields[key.strip().lower()] = value.strip().removeprefix("=").strip()
    if int(fields["dimension"]) != 3:
        raise PatientError(f"{path} is not a single three-dimensional grey {what} ({fields['dimension']} dimensions).")
    shape = tuple(int(n) for n in fields["sizes"].split())
    order = "<" if fields.get("endian", "little") == "little" else ">"
    dtype = np.dtype(order + _TYPES[fields["type"].lower()])
    data_file = fields.get("data file") or fields.get("datafile")
    if data_file:
        other = path.parent / data_file
        if Path(data_file).is_absolute() or ".." in Path(data_file).parts or not other.is_file():
            raise PatientError(f"{path} points to {data_file[:200]!r}, which is not a file beside it.")
        payload = other.read_bytes()
    else:
        payload = raw[end:]
    count = math.prod(shape)
    if len(shape) != 3 or min(shape) <= 0:
        raise PatientError(f"{path} is not a single three-dimensional grey {what} (sizes {fields['sizes'][:80]}).")
    encoding = fields.get("encoding", "raw").lower()
    if encoding in ("gzip", "gz"):
        # No more than the header promises is unpacked.
        payload = zlib.decompressobj(wbits=31).decompress(payload, min(count * dtype.itemsize, sys.maxsize))
    elif encoding != "raw":
        raise PatientError(f"{path} is encoded as {encoding}: save it as raw or gzip.")
    if len(payload) < count * dtype.itemsize:
        raise PatientError(f"{path} is cut short: {len(payload)} of {count * dtype.itemsize} bytes are there.")
    check_memory(shape, str(path))
    data = np.frombuffer(payload, dtype, count).reshape(shape, order="F").astype(np.float32)
    space = fields.get("space", "").lower()
    if space not in _TO_LPS or "space directions" not in fields:
        raise PatientError(f"{path} has no usable voxel size or orientation: export it again with its geometry.")
    affine = np.eye(4)
    columns = [_vector(text) for text in fields["space directions"].replace(") (", ")|(").split("|")]
    affine[:3, :3] = np.column_stack(columns)
    affine[:3, 3] = _vector(fields.get("space origin", "(0,0,0)"))
    affine[:2] *= np.array(_TO_LPS[space])[:, None]
    return check_geometry(data, affine, path, what)


def _vector(text: str) -> list[float]:
    values = [float(v) for v in text.strip().strip("()").split(",")]
    if len(values) != 3:
        raise ValueError(text)
    return values
