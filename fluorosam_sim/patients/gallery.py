"""Radiographs of the same regions of several patients, one above the other, and real radiographs below them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pydicom
from scipy import ndimage

from fluorosam_sim.carm import VENDORS, CArmPose
from fluorosam_sim.geometry import Projection
from fluorosam_sim.patients.patient import Patient, PatientError
from fluorosam_sim.render.cpu import CpuRenderer
from fluorosam_sim.views.catalogue import view as named_view
from fluorosam_sim.views.named import NamedView, ViewError
from fluorosam_sim.views.sheet import radiograph
from fluorosam_sim.views.solve import UNBOUNDED, solve

Picture = npt.NDArray[np.uint8]
REGIONS = (
    "skull AP", "skull lateral", "chest PA", "lumbar spine AP", "lumbar spine lateral", "pelvis AP", "left hip AP",
    "left knee AP", "left knee lateral", "left hand PA", "left ankle AP", "left foot AP",
)  # fmt: skip
# Files of the package pydicom-data, by the view they show and what of the image (x0, y0, x1, y1) shows it.
_REAL = {
    "chest PA": ("RG1_UNCR.dcm", (0.0, 0.0, 1.0, 1.0)),
    "left ankle AP": ("RG3_UNCR.dcm", (0.25, 0.5, 0.8, 1.0)),
}
# What a clinic holds into the beam alone, but lies beside the body here: its bones, and how far around them tissue is
# kept, mm.
_ALONE = {
    "left hand PA": (("carpal_left", "metacarpal_left", "phalanges_hand_left", "radius_left", "ulna_left"), 16.0),
    "left foot AP": (("tarsal_left", "metatarsal_left", "phalanges_feet_left"), 22.0),
}
_COLUMNS = 6
_STRIP_PX, _MARGIN_PX = 22, 24


def gallery(
    patients: Sequence[Patient],
    real_folder: Path | None = None,
    regions: Sequence[str] = REGIONS,
    tile_px: int = 200,
    progress: Callable[[], None] = lambda: None,
) -> Picture:
    """(H, W, 3) BGR picture: six regions beside each other, a row a patient; last, real_folder's radiographs.

    All are toned alike: bone bright, broad differences in thickness evened out. A region that a patient does not have
    stays empty; hand and foot are shown without the body behind them. real_folder: the data folder of the package
    pydicom-data. progress is called once a tile. Raises PatientError for a folder without those files.
    """
    rows: list[tuple[str, list[Picture]]] = []
    for patient in patients:
        renderer = CpuRenderer(patient)
        tiles = []
        for region in regions:
            tiles.append(_rendered(patient, renderer, region, tile_px))
            progress()
        rows.append((patient.name, tiles))
    if real_folder is not None:
        rows.append(("REAL", [_real(real_folder, region, tile_px) for region in regions]))
    blocks = []
    for start in range(0, len(regions), _COLUMNS):
        part = slice(start, start + _COLUMNS)
        head = np.full((_STRIP_PX, _MARGIN_PX + _COLUMNS * tile_px), 40, np.uint8)
        for number, region in enumerate(regions[part]):
            _write(head, region, _MARGIN_PX + number * tile_px + 4)
        blocks.append(head)
        blocks += [_named_row(name, tiles[part]) for name, tiles in rows if any(tile.any() for tile in tiles[part])]
    return np.asarray(cv2.cvtColor(np.vstack(blocks), cv2.COLOR_GRAY2BGR), np.uint8)


def _rendered(patient: Patient, renderer: CpuRenderer, region: str, tile_px: int) -> Picture:
    nothing = np.zeros((tile_px, tile_px), np.uint8)
    view, mirrored = named_view(region), False
    try:
        try:
            found = solve(view, patient, UNBOUNDED)
            projection, mirrored = found.framed((tile_px, tile_px)).projection(found.pose), found.reversed
        except ViewError:
            if not view.structures or not set(view.structures) <= set(patient.structures):
                return nothing
            projection = _as_it_lies(patient, view, tile_px)
        if region in _ALONE:
            renderer = CpuRenderer(_alone(patient, *_ALONE[region]))
        picture = radiograph(renderer.render(projection, labels=False))
    except ValueError:
        return nothing
    # From behind, the same structures are shown mirrored: turn them as the view is hung.
    return picture[:, ::-1] if mirrored else picture


def _as_it_lies(patient: Patient, view: NamedView, tile_px: int) -> Projection:
    """The textbook's angles, aimed at the middle of the structures: for CTs without the labels that axes come from."""
    x, y, z = patient.centroid_mm(view.structures).tolist()
    base = VENDORS["standard"]
    side_mm = view.field_mm * base.magnification
    config = replace(base, name="gallery", detector_mm=(side_mm, side_mm), detector_px=(tile_px, tile_px))
    return config.projection(CArmPose(view.nominal_primary_deg, view.nominal_secondary_deg, (x, y, z)))


def _alone(patient: Patient, labels: Sequence[str], margin_mm: float) -> Patient:
    """The part of a patient around some labels, in the same place; everything farther away is air."""
    wanted = np.array([name in labels for name in patient.label_names])
    margin = [int(np.ceil(margin_mm / step)) for step in patient.spacing_mm]
    inside = wanted[patient.labels]
    box = tuple(
        slice(max(int(found[0]) - more, 0), int(found[-1]) + more + 1)
        for found, more in ((np.flatnonzero(inside.any(axis=other)), more) for other, more in _axes(margin))
    )
    away_mm = ndimage.distance_transform_edt(~inside[box], sampling=patient.spacing_mm)
    hu = np.where(away_mm <= margin_mm, patient.hu[box], -1000).astype(np.int16)
    affine = patient.affine.copy()
    affine[:3, 3] += affine[:3, :3] @ [side.start for side in box]
    return replace(patient, hu=hu, labels=patient.labels[box], affine=affine)


def _axes(margin: Sequence[int]) -> list[tuple[tuple[int, int], int]]:
    """For each axis, the two others and its margin."""
    return [((1, 2), margin[0]), ((0, 2), margin[1]), ((0, 1), margin[2])]


def _real(folder: Path, region: str, tile_px: int) -> Picture:
    if region not in _REAL:
        return np.zeros((tile_px, tile_px), np.uint8)
    name, (x0, y0, x1, y1) = _REAL[region]
    if not (folder / name).is_file():
        raise PatientError(f"{folder} does not hold {name}: give the data folder of the package pydicom-data 1.0.0.")
    ds = pydicom.dcmread(folder / name)
    pixels = np.asarray(ds.pixel_array, np.float32)
    if ds.PhotometricInterpretation == "MONOCHROME1":
        pixels = pixels.max() - pixels
    if ds.PatientOrientation[0] == "R":
        pixels = pixels[:, ::-1]
    h, w = pixels.shape
    cut = pixels[round(y0 * h) : round(y1 * h), round(x0 * w) : round(x1 * w)]
    side = min(cut.shape)
    top, left = (cut.shape[0] - side) // 2, (cut.shape[1] - side) // 2
    small = cv2.resize(cut[top : top + side, left : left + side], (tile_px, tile_px), interpolation=cv2.INTER_AREA)
    even = small - 0.65 * cv2.GaussianBlur(small, (0, 0), tile_px / 8)
    low, high = np.percentile(even, [1, 99.5])
    return np.asarray(np.clip((even - low) / max(float(high - low), 1e-6), 0, 1) * 255, np.uint8)


def _named_row(name: str, tiles: Sequence[Picture]) -> Picture:
    margin = np.full((_MARGIN_PX, tiles[0].shape[0]), 40, np.uint8)
    _write(margin, name, 6)
    blank = [np.zeros_like(tiles[0])] * (_COLUMNS - len(tiles))
    return np.asarray(np.hstack([np.rot90(margin), *tiles, *blank]), np.uint8)


def _write(strip: Picture, text: str, x: int) -> None:
    cv2.putText(strip, text, (x, 15), cv2.FONT_HERSHEY_SIMPLEX, 0.42, 230, 1, cv2.LINE_AA)
