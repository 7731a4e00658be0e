"""Reading InVesalius projects (.inv3): a tar archive of property lists, a volume and thresholded masks."""

from __future__ import annotations

import plistlib
import tarfile
from pathlib import Path, PurePosixPath
from typing import Any
from xml.parsers.expat import ExpatError

import numpy as np
import numpy.typing as npt

from fluorosam_sim.patients.nifti import check_geometry
from fluorosam_sim.patients.patient import PatientError

_LARGEST_LIST = 1 << 20
_MOST_VOXELS = 2**31 - 1


def read_inv3(path: Path) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float64], npt.NDArray[np.bool_] | None]:
    """(i, j, k) CT numbers, LPS affine (4, 4) and the project's first mask, None when it has none.

    InVesalius keeps slices from the feet up, rows from the back to the front, and columns as the DICOM series has them:
    from the patient's right to the left. Nothing is unpacked to disk. Raises PatientError for any other file.
    """
    try:
        with tarfile.open(path) as archive:
            members = {PurePosixPath(m.name).name: m for m in archive.getmembers() if m.isfile()}
            project = _properties(archive, members, "main.plist")
            matrix = project["matrix"]
            shape = tuple(int(n) for n in matrix["shape"])
            if project.get("modality", "CT") != "CT" or len(shape) != 3 or matrix["dtype"] != "int16":
                raise PatientError(f"{path} is not an InVesalius project of one grey CT.")
            volume = _array(archive, members, matrix["filename"], np.dtype("<i2"), shape)
            mask = None
            if project.get("masks"):
                first = _properties(archive, members, project["masks"][min(project["masks"])])
                # Masks carry an extra first slice, row and column, where InVesalius notes what is up to date.
                padded = (shape[0] + 1, shape[1] + 1, shape[2] + 1)
                mask = _array(archive, members, first["mask_file"], np.dtype("u1"), padded)[1:, 1:, 1:] > 127
            across_mm, down_mm, up_mm = (float(v) for v in project["spacing"])
    except PatientError:
        raise
    except (tarfile.TarError, OSError, EOFError, KeyError, ValueError, TypeError, ExpatError) as error:
        raise PatientError(f"{path} is not a readable InVesalius project ({type(error).__name__}).") from error
    data = volume.transpose(2, 1, 0).astype(np.float32)
    data, affine = check_geometry(data, np.diag([across_mm, -down_mm, up_mm, 1.0]), path, "CT")
    return data, affine, None if mask is None else mask.transpose(2, 1, 0)


def _properties(archive: tarfile.TarFile, members: dict[str, tarfile.TarInfo], name: str) -> dict[str, Any]:
    member = members[name]
    if member.size > _LARGEST_LIST:
        raise ValueError(name)
    file = archive.extractfile(member)
    assert file is not None  # a regular file, see above
    return dict(plistlib.loads(file.read()))


def _array(
    archive: tarfile.TarFile,
    members: dict[str, tarfile.TarInfo],
    name: str,
    dtype: np.dtype[Any],
    shape: tuple[int, ...],
) -> npt.NDArray[Any]:
    member = members[name]
    count = 1
    for n in shape:
        count *= n
    if min(shape) < 1 or count > _MOST_VOXELS or member.size != count * dtype.itemsize:
        raise ValueError(name)
    file = archive.extractfile(member)
    assert file is not None
    return np.frombuffer(file.read(), dtype, count).reshape(shape)
