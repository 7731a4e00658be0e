"""Regions of patients and real radiographs side by side."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian, generate_uid

from fluorosam_sim.patients import Patient, PatientError
from fluorosam_sim.patients.gallery import gallery

REGIONS = ("skull AP", "chest PA", "left ankle AP")
TILE = 64


def write_radiograph(path: Path, orientation: str) -> None:
    """A film that is black (high values, MONOCHROME1) but for a dense strip at the left edge."""
    pixels = np.full((100, 100), 900, np.uint16)
    pixels[:, :12] = 100
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = ComputedRadiographyImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    ds.SOPClassUID, ds.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    ds.PatientOrientation = [orientation, "F"]
    ds.Rows = ds.Columns = 100
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME1"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 0
    ds.PixelData = pixels.tobytes()
    ds.save_as(path, enforce_file_format=True)


def test_regions_beside_real_radiographs(chest: Patient, tmp_path: Path) -> None:
    write_radiograph(tmp_path / "RG1_UNCR.dcm", "L")
    write_radiograph(tmp_path / "RG3_UNCR.dcm", "R")
    seen = []
    picture = gallery([chest], tmp_path, REGIONS, TILE, progress=lambda: seen.append(1))
    assert picture.shape == (22 + 2 * TILE, 24 + 6 * TILE, 3) and len(seen) == 3
    tiles = picture[22:, 24 : 24 + 3 * TILE, 0].reshape(2, TILE, 3, TILE).transpose(0, 2, 1, 3)
    assert not tiles[0, 0].any() and not tiles[0, 2].any()  # the chest CT has neither skull nor ankle
    spine, lung = tiles[0, 1][:, 28:36].mean(), tiles[0, 1][20:40, 14:20].mean()
    assert spine > lung + 40
    left, right = tiles[1, 1][:, :4].mean(), tiles[1, 1][:, -4:].mean()
    assert left > right + 100  # dense is bright, and hung as it came


def test_a_folder_without_the_films_is_refused(chest: Patient, tmp_path: Path) -> None:
    with pytest.raises(PatientError, match="pydicom-data"):
        gallery([], tmp_path, REGIONS, TILE)


def test_a_ct_with_too_few_labels_for_axes_is_shown_as_it_lies() -> None:
    hu = np.full((40, 40, 40), -1000, np.int16)
    hu[10:30, 10:30, 10:30] = 1000
    labels = (hu > 0).astype(np.uint8)
    affine = np.diag([5.0, 5.0, 5.0, 1.0])
    affine[:3, 3] = -97.5
    head = Patient("head", hu, labels, ("", "skull"), affine, frozenset(), "made up", "none")
    tile = gallery([head], None, ("skull AP", "chest PA"), TILE)[22:, 24:]
    across = np.flatnonzero(tile[TILE // 2, :TILE, 0] > 128)
    assert abs(across.mean() - TILE / 2) < TILE / 20 and TILE / 4 < len(across) < TILE * 0.6
    assert not tile[:, TILE : 2 * TILE].any()
