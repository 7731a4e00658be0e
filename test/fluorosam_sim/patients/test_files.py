"""Patients from NRRD, DICOM series and folders of masks."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from fluorosam_sim.patients import PatientError, load_patient

SHAPE = (40, 36, 20)


def _ct() -> np.ndarray:
    data = np.full(SHAPE, -1000, np.int16)
    data[6:-6, 6:-8, :] = 40
    data[24:32, 10:16, 5:15] = 900  # one-sided, in front
    return data


def _write_series(folder: Path, edit: Callable[[FileDataset, int], None] | None = None) -> Path:
    """A 2 × 2 × 3 mm axial series of the volume above; x runs to the left, y to the back."""
    folder.mkdir(parents=True, exist_ok=True)
    series, data = generate_uid(), _ct()
    for k in range(SHAPE[2]):
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = CTImageStorage
        meta.MediaStorageSOPInstanceUID = generate_uid()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        item = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
        item.Modality, item.SeriesInstanceUID = "CT", series
        item.SOPClassUID, item.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
        item.Rows, item.Columns = SHAPE[1], SHAPE[0]
        item.SamplesPerPixel, item.PhotometricInterpretation = 1, "MONOCHROME2"
        item.BitsAllocated, item.BitsStored, item.HighBit, item.PixelRepresentation = 16, 16, 15, 1
        item.PixelSpacing, item.RescaleSlope, item.RescaleIntercept = [2.0, 2.0], 1, -24
        item.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        item.ImagePositionPatient = [-40.0, -36.0, 3.0 * k]
        item.PixelData = np.ascontiguousarray((data[:, :, k] + 24).T).tobytes()
        if edit:
            edit(item, k)
        # The names are not in the order of the slices.
        item.save_as(folder / f"{(k * 7) % SHAPE[2]:03d}.dcm", enforce_file_format=True)
    return folder


def test_a_dicom_series_is_the_right_way_round(tmp_path: Path) -> None:
    patient = load_patient(_write_series(tmp_path / "s"))
    assert patient.hu.shape == SHAPE
    np.testing.assert_allclose(patient.spacing_mm, (2, 2, 3))
    bone = np.argwhere(patient.hu == 900).mean(axis=0)
    world = patient.affine[:3, :3] @ bone + patient.affine[:3, 3]
    assert world[0] > 10 and world[1] < -5  # left, in front


def _second_series(item: FileDataset, k: int) -> None:
    if k % 2:
        item.SeriesInstanceUID = "1.2.3"


def _tilt(item: FileDataset, k: int) -> None:
    item.ImagePositionPatient = [-40.0, -36.0 + 1.0 * k, 3.0 * k]


def _negative(item: FileDataset, k: int) -> None:
    item.PixelSpacing = [-2.0, 2.0]


def _double(item: FileDataset, k: int) -> None:
    if k == 9:
        item.ImagePositionPatient = [-40.0, -36.0, 24.0]


def _gap(item: FileDataset, k: int) -> None:
    if k >= 10:
        item.ImagePositionPatient = [-40.0, -36.0, 3.0 * k + 3.0]


def _colour(item: FileDataset, k: int) -> None:
    item.SamplesPerPixel = 3


def _size(item: FileDataset, k: int) -> None:
    if k == 3:
        item.Rows = 18


def _oblique_localiser(item: FileDataset, k: int) -> None:
    if k == 0:
        item.ImageOrientationPatient = [1, 0, 0, 0, 0, -1]


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (_second_series, "mixes 2 series"),
        (_tilt, "tilted gantry"),
        (_negative, "pixel size"),
        (_double, "same place|missing"),
        (_gap, "missing"),
        (_colour, "colour"),
        (_size, "size"),
        (_oblique_localiser, "orientation"),
    ],
    ids=["mixed", "tilt", "negative size", "double", "gap", "colour", "size", "localiser"],
)
def test_a_faulty_series_gives_one_sentence(tmp_path: Path, edit, words: str) -> None:  # type: ignore[no-untyped-def]
    folder = _write_series(tmp_path / "s", edit)
    before = sorted(folder.iterdir())
    with pytest.raises(PatientError, match=words) as caught:
        load_patient(folder)
    assert "\n" not in str(caught.value) and sorted(folder.iterdir()) == before


def test_a_truncated_slice_gives_one_sentence(tmp_path: Path) -> None:
    folder = _write_series(tmp_path / "s")
    path = folder / "004.dcm"
    path.write_bytes(path.read_bytes()[:-900])
    with pytest.raises(PatientError, match=r"decoded|readable"):
        load_patient(folder)


def test_a_series_written_downwards_is_not_mirrored(tmp_path: Path) -> None:
    def flip(item: FileDataset, k: int) -> None:
        item.ImageOrientationPatient = [-1, 0, 0, 0, -1, 0]
        item.ImagePositionPatient = [38.0, 34.0, 3.0 * k]
        item.PixelData = np.ascontiguousarray((_ct()[::-1, ::-1, k] + 24).T).tobytes()

    patient = load_patient(_write_series(tmp_path / "s", flip))
    world = patient.affine[:3, :3] @ np.argwhere(patient.hu == 900).mean(axis=0) + patient.affine[:3, 3]
    assert world[0] > 10 and world[1] < -5


def test_an_oblique_series_keeps_its_direction(tmp_path: Path) -> None:
    turn = np.array([[0.9, -0.38, 0.2], [0.4, 0.9, -0.1], [-0.14, 0.17, 0.97]])
    turn = np.linalg.qr(turn)[0]
    turn *= np.sign(np.diag(turn))  # near the identity

    def oblique(item: FileDataset, k: int) -> None:
        item.ImageOrientationPatient = [f"{v:.9f}" for v in (*turn[:, 0], *turn[:, 1])]
        item.ImagePositionPatient = [f"{v:.6f}" for v in turn @ [-40.0, -36.0, 3.0 * k]]

    straight, turned = load_patient(_write_series(tmp_path / "a")), load_patient(_write_series(tmp_path / "b", oblique))
    assert np.linalg.det(turn) > 0
    centers = []
    for patient in (straight, turned):
        index = np.argwhere(patient.hu == 900).mean(axis=0)
        centers.append(patient.affine[:3, :3] @ index + patient.affine[:3, 3])
    np.testing.assert_allclose(centers[1], turn @ centers[0], atol=0.01)


def _write_nrrd(path: Path, data: np.ndarray, space: str, directions: np.ndarray, compressed: bool = False) -> None:
    types = {"int16": "short", "uint8": "uchar"}
    text = " ".join("(" + ",".join(f"{v:g}" for v in column) + ")" for column in directions.T)
    header = (
        f"NRRD0004\n# made by the tests\ntype: {types[data.dtype.name]}\ndimension: 3\nspace: {space}\n"
        f"sizes: {' '.join(map(str, data.shape))}\nspace directions: {text}\nkinds: domain domain domain\n"
        f"endian: little\nencoding: {'gzip' if compressed else 'raw'}\nspace origin: (1,2,3)\n\n"
    )
    raw = data.tobytes(order="F")
    path.write_bytes(header.encode() + (gzip.compress(raw) if compressed else raw))


@pytest.mark.parametrize("compressed", [False, True])
def test_nrrd_in_lps_and_ras_agree(tmp_path: Path, compressed: bool) -> None:
    size = np.diag([2.0, 2.0, 3.0])
    _write_nrrd(tmp_path / "a.nrrd", _ct(), "left-posterior-superior", size, compressed)
    _write_nrrd(tmp_path / "b.nrrd", _ct(), "right-anterior-superior", size * [[-1], [-1], [1]], compressed)
    a, b = load_patient(tmp_path / "a.nrrd"), load_patient(tmp_path / "b.nrrd")
    np.testing.assert_array_equal(a.hu, b.hu)
    np.testing.assert_allclose(a.affine, b.affine)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda raw: raw[:-400], "cut short"),
        (lambda raw: raw.replace(b"dimension: 3", b"dimension: 4"), "dimension"),
        (lambda raw: raw.replace(b"encoding: raw", b"encoding: zstd"), "encoded"),
        (lambda raw: raw.replace(b"space origin: (1,2,3)", b"data file: ../../etc/passwd"), "not a file beside"),
        (lambda raw: raw.replace(b"(2,0,0)", b"(0,0,0)"), "voxel size"),
        (lambda raw: raw.replace(b"(2,0,0)", b"(2,1,0)"), "sheared"),
        (lambda raw: b"P6" + raw, "not a readable NRRD"),
    ],
    ids=["short", "4-D", "encoding", "path", "flat", "shear", "junk"],
)
def test_a_faulty_nrrd_gives_one_sentence(tmp_path: Path, edit, words: str) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "x.nrrd"
    _write_nrrd(path, _ct(), "left-posterior-superior", np.diag([2.0, 2.0, 3.0]))
    path.write_bytes(edit(path.read_bytes()))
    with pytest.raises(PatientError, match=words) as caught:
        load_patient(path)
    assert "\n" not in str(caught.value)


def test_a_folder_of_masks_is_read_and_sides_are_split(tmp_path: Path) -> None:
    masks = tmp_path / "segmentations"
    masks.mkdir()
    nib.save(nib.Nifti1Image(_ct(), np.diag([2.0, 2.0, 3.0, 1.0])), tmp_path / "ct.nii.gz")
    for name, regions in {
        "liver": [np.s_[10:14, 10:20, 5:9]],
        "vertebrae_L4": [np.s_[18:22, 20:26, 2:6]],
        "tibia": [np.s_[8:12, 22:26, 2:8], np.s_[28:32, 22:26, 2:8]],
        "patella": [np.s_[28:30, 14:16, 15:17]],
        "not_a_structure": [np.s_[0:4, 0:4, 0:4]],
    }.items():
        mask = np.zeros(SHAPE, np.uint8)
        for region in regions:
            mask[region] = 1
        nib.save(nib.Nifti1Image(mask, np.diag([2.0, 2.0, 3.0, 1.0])), masks / f"{name}.nii.gz")
    patient = load_patient(tmp_path)
    assert set(patient.structures) == {"liver", "vertebrae_L4", "tibia_left", "tibia_right", "patella_right"}
    # NIfTI's x runs to the right here: high indices are the patient's right.
    assert patient.centroid_mm("tibia_right")[0] < patient.centroid_mm("tibia_left")[0]


def test_a_folder_without_known_masks_is_refused(tmp_path: Path) -> None:
    (tmp_path / "segmentations").mkdir()
    nib.save(nib.Nifti1Image(_ct(), np.eye(4)), tmp_path / "ct.nii.gz")
    with pytest.raises(PatientError, match="no mask"):
        load_patient(tmp_path)


def test_a_mask_of_another_shape_is_refused(tmp_path: Path) -> None:
    (tmp_path / "segmentations").mkdir()
    nib.save(nib.Nifti1Image(_ct(), np.eye(4)), tmp_path / "ct.nii.gz")
    nib.save(nib.Nifti1Image(np.ones((4, 4, 4), np.uint8), np.eye(4)), tmp_path / "segmentations" / "liver.nii.gz")
    with pytest.raises(PatientError, match="grid"):
        load_patient(tmp_path)


def test_the_table_goes_and_the_body_stays(tmp_path: Path) -> None:
    data = np.full((80, 80, 20), -1000, np.int16)
    data[20:60, 20:55, :] = 40
    data[30:40, 30:40, :] = -800  # lung
    data[10:70, 57:59, :] = 300  # a thin board under the patient (RAS: high y is the front, so: above)
    nib.save(nib.Nifti1Image(data, np.diag([2.0, 2.0, 3.0, 1.0])), tmp_path / "ct.nii.gz")
    hu = load_patient(tmp_path).hu
    assert (hu[10:70, 57:59] == -1000).all() and (hu[20:60, 20:55][15, 30] == 40).all()
    assert (hu[30:40, 30:40] == -800).all()
