"""Patients from files: right, or one clear sentence."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from fluorosam_sim.patients import Patient, PatientError, load_patient
from fluorosam_sim.patients.contrast import without_contrast


def _write(path: Path, data: np.ndarray, affine: np.ndarray) -> Path:
    nib.save(nib.Nifti1Image(data, affine), path)
    return path


def _volume(shape: tuple[int, ...] = (20, 24, 16)) -> np.ndarray:
    data = np.full(shape, -1000, np.int16)
    data[4:-4, 4:-4, 2:-2] = 40
    data[8:12, 8:12, 6:10] = 900
    return data


def test_the_packaged_chest_is_the_right_way_round(chest: Patient) -> None:
    assert len(chest.structures) == 89 and len(chest.cut) == 26
    heart, liver, spleen = (chest.centroid_mm(name) for name in ("heart", "liver", "spleen"))
    assert liver[0] < heart[0] < spleen[0]  # the liver is right, the spleen left
    assert chest.centroid_mm("sternum")[1] < chest.centroid_mm("vertebrae_T6")[1]  # the breast bone is in front
    assert chest.centroid_mm("vertebrae_T1")[2] > chest.centroid_mm("vertebrae_T12")[2]
    np.testing.assert_allclose(chest.bounds_mm.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(chest.spacing_mm, (0.703125, 0.703125, 2.5))


def test_any_orientation_of_the_file_gives_the_same_patient(tmp_path: Path) -> None:
    data = _volume()
    labels = np.zeros(data.shape, np.uint8)
    labels[12:16, 5:9, 8:12] = 5
    ras = np.diag([2.0, 2.0, 3.0, 1.0])
    _write(tmp_path / "a.nii.gz", data, ras)
    _write(tmp_path / "a_labels.nii.gz", labels, ras)
    reordered = nib.as_closest_canonical(nib.Nifti1Image(data, ras)).slicer[::-1, :, ::-1]
    nib.save(reordered, tmp_path / "b.nii.gz")
    nib.save(nib.Nifti1Image(labels, ras).slicer[::-1, :, ::-1], tmp_path / "b_labels.nii.gz")
    a, b = load_patient(tmp_path / "a.nii.gz"), load_patient(tmp_path / "b.nii.gz")
    assert a.structures == b.structures == ("liver",)
    np.testing.assert_allclose(a.centroid_mm("liver"), b.centroid_mm("liver"))
    assert a.centroid_mm("liver")[0] < 0  # RAS +x is the patient's right


def test_labels_that_touch_the_edge_are_marked_cut(tmp_path: Path) -> None:
    data, labels = _volume(), np.zeros((20, 24, 16), np.uint8)
    labels[5:9, 5:9, 0:4], labels[10:14, 10:14, 6:9] = 5, 1
    _write(tmp_path / "ct.nii.gz", data, np.eye(4))
    _write(tmp_path / "labels.nii.gz", labels, np.eye(4))
    assert load_patient(tmp_path).cut == {"liver"}


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda p: (p / "x.nii.gz").write_bytes(b"not a scan at all") and p / "x.nii.gz", "not a readable"),
        (lambda p: (p / "x.nii").write_text("hello") and p / "x.nii", "not a readable"),
        (lambda p: _write(p / "x.nii", np.zeros((4, 4, 4, 3), np.int16), np.eye(4)), "three-dimensional"),
        (lambda p: _write(p / "x.nii", np.full((8, 8, 8), 200, np.int16), np.eye(4)), "Hounsfield"),
        (lambda p: _write(p / "x.nii", _volume().astype(np.float32) * np.nan, np.eye(4)), "not numbers"),
        (
            lambda p: _write(
                p / "x.nii", _volume(), np.array([[1, 0.5, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])
            ),
            "sheared",
        ),
        (lambda p: p / "missing.nii.gz", "no patient"),
        (lambda p: p, "holds no ct"),
        (lambda p: "chest\0x", "no patient"),
    ],
    ids=["junk.gz", "text", "4-D", "units", "nan", "shear", "missing", "empty folder", "hostile path"],
)
def test_what_is_no_ct_gives_one_sentence(tmp_path: Path, make, words: str) -> None:  # type: ignore[no-untyped-def]
    source = make(tmp_path)
    with pytest.raises(PatientError, match=words) as caught:
        load_patient(source)
    assert "\n" not in str(caught.value)


def test_a_truncated_ct_gives_one_sentence(tmp_path: Path) -> None:
    path = _write(tmp_path / "x.nii.gz", _volume((60, 60, 60)), np.eye(4))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(PatientError, match="not a readable"):
        load_patient(path)


def test_labels_of_another_shape_are_refused(tmp_path: Path) -> None:
    _write(tmp_path / "ct.nii.gz", _volume(), np.eye(4))
    _write(tmp_path / "labels.nii.gz", np.zeros((5, 5, 5), np.uint8), np.eye(4))
    with pytest.raises(PatientError, match="grid"):
        load_patient(tmp_path)


def test_contrast_medium_goes_and_bone_stays(chest: Patient) -> None:
    plain = without_contrast(chest)
    veins = chest.labels == chest.label_names.index("superior_vena_cava")
    spine = chest.labels == chest.label_names.index("vertebrae_T8")
    assert chest.hu[veins].max() > 500 and plain.hu[veins].mean() < chest.hu[veins].mean() - 50
    np.testing.assert_array_equal(plain.hu[spine], chest.hu[spine])
