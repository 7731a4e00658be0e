"""From volumes as files hold them to a patient: units, grids, sides, table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import cv2
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from fluorosam_sim import anatomy
from fluorosam_sim.memory import free_bytes, gigabytes
from fluorosam_sim.patients.patient import Patient, PatientError, centered_affine, cut_labels

Volume = npt.NDArray[np.float32]
Affine = npt.NDArray[np.float64]
LARGEST_LABEL = 999

CLASS_NAMES: dict[int, str] = {item.id: item.key for item in anatomy.STRUCTURES if item.kind in ("class", "side")}
"""TotalSegmentator's numbers (`total` 1-117, `appendicular_bones` 301-311, halves 501-522) to names."""

_TISSUE_HU = -300
_BYTES_A_VOXEL = 14  # the file's values, CT numbers and labels, and the search for pieces that are not the body


def check_memory(shape: Sequence[int], what: str) -> None:
    """Raises PatientError for a volume of that shape which does not fit into the free memory while it is read."""
    voxels = math.prod(int(n) for n in shape)
    needed, free = voxels * _BYTES_A_VOXEL, free_bytes()
    if free is not None and needed > free:
        raise PatientError(
            f"{what} has {voxels / 1e6:.0f} million voxels: reading it takes about {gigabytes(needed)} of memory and "
            f"{gigabytes(free)} are free. Crop or bin it."
        )


def check_hounsfield(ct: Volume, what: str) -> npt.NDArray[np.int16]:
    """int16 CT numbers of a volume that looks like a CT; raises PatientError for another unit."""
    low, high = float(ct.min()), float(ct.max())
    if not np.isfinite(low + high):
        raise PatientError(f"{what} holds values that are not numbers.")
    if low > -200 or high < 100:
        raise PatientError(
            f"{what} does not look like a CT in Hounsfield units: its values are {low:g} to {high:g}, "
            "but air is −1000 and bone above 300."
        )
    return np.clip(ct, -1024, 3071, out=ct).astype(np.int16)


def check_grid(
    shape: tuple[int, ...], affine: Affine, ct_shape: tuple[int, ...], ct_affine: Affine, what: str, ct: str
) -> None:
    """Raises PatientError unless a label volume lies on the CT's grid."""
    if shape != ct_shape or not np.allclose(affine, ct_affine, atol=0.05):
        raise PatientError(f"{what} does not lie on the grid of {ct}: resample it to the CT.")


def labels_from_values(
    values: Volume, names_by_value: Mapping[int, str], what: str
) -> tuple[npt.NDArray[np.uint8], tuple[str, ...]]:
    """Leaf labels and their names from a multi-label volume; values without a name are dropped."""
    if not 0 <= float(values.min()) <= float(values.max()) <= LARGEST_LABEL:
        raise PatientError(f"{what} is not a label file: its values are not all between 0 and {LARGEST_LABEL}.")
    indices = values.astype(np.uint16)
    names: list[str] = [""]
    table = np.zeros(LARGEST_LABEL + 1, np.uint8)
    for value in np.flatnonzero(np.bincount(indices.ravel(order="K"), minlength=1)):
        if value > 0 and value in names_by_value:
            names.append(names_by_value[int(value)])
            table[value] = len(names) - 1
    return table[indices], tuple(names)


def labelled_patient(
    name: str,
    hu: npt.NDArray[np.int16],
    labels: npt.NDArray[np.uint8],
    label_names: tuple[str, ...],
    affine: Affine,
    provenance: str,
    licence: str,
    clean: bool = True,
) -> Patient:
    """A patient from checked volumes; affine maps voxels to DICOM millimetres.

    clean: split paired limb bones into sides and take the table away (for files of the user; packaged CTs are kept
    as they are).
    """
    centered = centered_affine(affine, hu.shape)
    if clean:
        labels, label_names = split_sides(labels, label_names, centered)
        hu = without_table(hu, centered)
    return Patient(name, hu, labels, label_names, centered, cut_labels(labels, label_names), provenance, licence)


def split_sides(
    labels: npt.NDArray[np.uint8], names: tuple[str, ...], affine: Affine
) -> tuple[npt.NDArray[np.uint8], tuple[str, ...]]:
    """Labels in which bones that TotalSegmentator does not tell apart by side are two: tibia → tibia_left, tibia_right.

    Every connected piece goes to the side of the body's midline where its centre lies; the midline is that of the spine
    and pelvis, or of the paired labels, or of all labels.
    """
    paired = [value for value, name in enumerate(names) if name in anatomy.APPENDICULAR]
    if not paired:
        return labels, names
    boxes = ndimage.find_objects(labels)

    def center(value: int) -> float | None:
        box = boxes[value - 1] if value - 1 < len(boxes) else None
        if box is None:
            return None
        mean = ndimage.center_of_mass(labels[box] == value)
        index = np.array([m + side.start for m, side in zip(mean, box, strict=True)])
        return float(affine[0, :3] @ index + affine[0, 3])

    middle: list[float] = []
    for wanted in (("vertebrae_", "sacrum"), ("_left", "_right"), ("",)):
        found = [
            center(v) for v, name in enumerate(names) if name and (name.startswith(wanted) or name.endswith(wanted))
        ]
        middle = [x for x in found if x is not None]
        if middle:
            break
    line = float(np.mean(middle)) if middle else 0.0
    result, listed = labels.copy(), list(names)
    for value in paired:
        box = boxes[value - 1] if value - 1 < len(boxes) else None
        bone = names[value]
        listed[value] = f"{bone}_left"
        if box is None:
            continue
        pieces, count = ndimage.label(labels[box] == value)
        right = []
        for piece, mean in enumerate(ndimage.center_of_mass(pieces > 0, pieces, range(1, count + 1)), start=1):
            index = np.array([m + side.start for m, side in zip(mean, box, strict=True)])
            if float(affine[0, :3] @ index + affine[0, 3]) < line:
                right.append(piece)
        if len(right) == count:
            listed[value] = f"{bone}_right"
        elif right:
            listed.append(f"{bone}_right")
            if len(listed) > 256:
                raise PatientError("There are more than 255 labels.")
            result[box][np.isin(pieces, right)] = len(listed) - 1
    return result, tuple(listed)


def without_table(hu: npt.NDArray[np.int16], affine: Affine) -> npt.NDArray[np.int16]:
    """CT numbers with everything that is not connected to the body (table, cushions, cables) set to air.

    Pieces of the body that the scan cut apart (arms, legs) are kept: a piece stays when it is as tall as a tenth of the
    largest and holds soft tissue throughout, as a table does not.
    """
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    tissue = hu > _TISSUE_HU
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    # Thin sheets and the skin's touch with the table open up in the planes across the thinnest spacing's axis.
    across = int(np.argmax(spacing))
    planes = np.moveaxis(tissue, across, 0)
    opened = np.stack(
        [cv2.morphologyEx(np.ascontiguousarray(p).view(np.uint8), cv2.MORPH_OPEN, kernel) for p in planes]
    )
    pieces, count = ndimage.label(np.moveaxis(opened, 0, across))
    if count == 0:
        return hu
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    largest = int(sizes.max())
    keep = np.zeros(count + 1, bool)
    for piece in np.flatnonzero(sizes >= 0.04 * largest):
        keep[piece] = sizes[piece] == largest or _is_body(hu, pieces == piece)
    body = keep[pieces]
    planes = np.moveaxis(body, across, 0)
    wide = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7))
    grown = np.stack([cv2.dilate(np.ascontiguousarray(p).view(np.uint8), wide) for p in planes]).view(bool)
    result = np.array(hu, order="K")
    # What opening took off the body comes back where it is near and connected; a board across an air gap does not.
    near = tissue & np.moveaxis(grown, 0, across)
    parts, _ = ndimage.label(near)
    own = np.zeros(int(parts.max()) + 1, bool)
    own[np.unique(parts[body])] = True
    own[0] = False
    # Lungs and bowel gas are no tissue, but lie inside: only tissue goes.
    result[tissue & ~own[parts]] = -1000
    return result


def _is_body(hu: npt.NDArray[np.int16], piece: npt.NDArray[np.bool_]) -> bool:
    """Whether most of a piece is soft tissue rather than the foam and shells of a table."""
    values = hu[piece]
    return bool(np.mean((values > -150) & (values < 150)) > 0.5)
