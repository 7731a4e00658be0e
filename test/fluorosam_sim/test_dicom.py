"""DICOM out and in: the same geometry, clear words about what is missing, and a clean bill from dciodvfy."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

from fluorosam_sim.carm import VENDORS, CArmConfig, CArmPose, Collimation
from fluorosam_sim.dicom import Case, DicomError, MissingTagsError, read_dicom, to_dataset, write_dicom
from fluorosam_sim.patients import Patient
from fluorosam_sim.render.beam import STANDARD_FILTRATION
from fluorosam_sim.render.exposure import Exposure
from fluorosam_sim.twin import Frame, Twin

CONFIG = VENDORS["standard"]


FRONTAL = CArmPose()


def make_frame(pose: CArmPose = FRONTAL, collimation: Collimation = CONFIG.open_field, size: int = 16) -> Frame:
    image = np.random.default_rng(0).integers(0, 65536, (size, size)).astype(np.uint16)
    exposure = Exposure(81.5, 0.25, STANDARD_FILTRATION, 5.0, 20.0, 8.5e-7)
    return Frame(image, pose, collimation, 81.5, 3.5, 7, exposure, 25.0)


def saved(path: Path, frame: Frame, config: CArmConfig = CONFIG, modality: str = "XA") -> Path:
    write_dicom(path / "frame.dcm", frame, config, Case(), modality)  # type: ignore[arg-type]
    return path / "frame.dcm"


def test_a_thousand_random_poses_come_back_exactly() -> None:
    rng = np.random.default_rng(0)
    vendors = list(VENDORS.values())
    for number in range(1000):
        config = vendors[number % len(vendors)]
        x, y, z = rng.uniform(-500, 500, 3)
        pose = CArmPose(float(rng.uniform(-180, 180)), float(rng.uniform(-90, 90)), (float(x), float(y), float(z)))
        w, h = config.detector_mm
        left, right = sorted(rng.uniform(-w / 2, w / 2, 2))
        top, bottom = sorted(rng.uniform(-h / 2, h / 2, 2))
        collimation = Collimation(float(left), float(top), float(right), float(bottom))
        (got,) = read_dicom(to_dataset(make_frame(pose, collimation), config))
        assert got.pose == pose and got.collimation == collimation
        assert (got.config.sdd_mm, got.config.sod_mm, got.config.detector_mm) == (config.sdd_mm, config.sod_mm, (w, h))


def test_the_same_from_a_file_and_without_the_private_block_nearly(tmp_path: Path) -> None:
    frame = make_frame(
        CArmPose(33.123456789, -12.987654321, (1.5, -2.25, 30.0)), Collimation(-91.3, -50.2, 77.7, 120.9)
    )
    path = saved(tmp_path, frame)
    (got,) = read_dicom(path)
    np.testing.assert_array_equal(got.image, frame.image)
    assert got.pose == frame.pose and got.collimation == frame.collimation
    assert got.kvp == 81.5 and got.dap_gym2 == pytest.approx(8.5e-7, rel=1e-12)
    assert got.config.pixel_mm == CONFIG.detector_mm[0] / 16
    ds = pydicom.dcmread(path)
    ds.remove_private_tags()
    (plain,) = read_dicom(ds)
    assert plain.pose.primary_deg == pytest.approx(33.123456789, abs=1e-10)
    assert plain.pose.isocenter_mm == (0.0, 0.0, 0.0)
    # Whole pixels, of 25 mm here: the open pixels are the same ones.
    assert CONFIG.open_pixels(plain.collimation, (16, 16)) == CONFIG.open_pixels(frame.collimation, (16, 16))
    projected, original = (each.config.projection(each.pose) for each in (plain, got))
    np.testing.assert_allclose(projected.du_mm, original.du_mm, atol=1e-9)


def test_an_edited_object_is_read_as_edited() -> None:
    ds = to_dataset(make_frame(CArmPose(10.0, 5.0)), CONFIG)
    ds.PositionerPrimaryAngle = "20"
    ds.CollimatorLeftVerticalEdge = 5
    (got,) = read_dicom(ds)
    assert got.pose.primary_deg == 20.0 and got.pose.secondary_deg == 5.0
    assert got.collimation.left_mm == pytest.approx(4 * 25.0 - 200.0)


def test_elements_of_a_real_shot(phantom: Patient) -> None:
    twin = Twin(phantom, size_px=(64, 64))
    twin.place(CArmPose(-30.0, 20.0))
    twin.set_collimation(Collimation(-100.0, -50.0, 100.0, 150.0))
    frame = twin.acquire()
    ds = to_dataset(frame, CONFIG)
    assert (ds.DistanceSourceToDetector, ds.DistanceSourceToPatient) == (1200, 750)
    assert list(ds.ImagerPixelSpacing) == [6.25, 6.25]
    assert (ds.PositionerPrimaryAngle, ds.PositionerSecondaryAngle) == (-30, 20)
    assert (ds.CollimatorLeftVerticalEdge, ds.CollimatorRightVerticalEdge) == (17, 48)
    assert (ds.CollimatorUpperHorizontalEdge, ds.CollimatorLowerHorizontalEdge) == (25, 56)
    # 1 Gy·m² = 10 dGy × 10⁴ cm²; the product is kerma times area in every plane.
    plane_cm = 600.0 / 1200.0 * 20.0
    expected = CONFIG.kerma_ugy * 1e-5 * plane_cm**2
    assert float(ds.ImageAndFluoroscopyAreaDoseProduct) == pytest.approx(expected, rel=1e-9)
    # The body begins before the isocentre, nearer to the tube than the reference point or farther.
    skin_mm = 750.0 - 70.0
    assert float(ds.EntranceDoseInmGy) * 1000 == pytest.approx(CONFIG.kerma_ugy * (600.0 / skin_mm) ** 2, rel=0.06)
    assert (ds.PixelIntensityRelationship, ds.PixelIntensityRelationshipSign) == ("LIN", 1)


def test_orientation_letters() -> None:
    assert list(to_dataset(make_frame(), CONFIG).PatientOrientation) == ["L", "F"]
    assert list(to_dataset(make_frame(CArmPose(90.0, 0.0)), CONFIG).PatientOrientation) == ["P", "F"]
    assert to_dataset(make_frame(CArmPose(-45.0, 0.0)), CONFIG).PatientOrientation[0] in ("LA", "AL")


def test_missing_elements_are_named_and_can_be_supplied() -> None:
    ds = to_dataset(make_frame(CArmPose(10.0, 5.0)), CONFIG)
    ds.remove_private_tags()
    del ds.DistanceSourceToDetector
    ds.PositionerPrimaryAngle = None
    with pytest.raises(MissingTagsError) as caught:
        read_dicom(ds)
    assert caught.value.options == ("sdd_mm", "primary_deg")
    assert "(0018,1110)" in str(caught.value) and "(0018,1510)" in str(caught.value)
    (got,) = read_dicom(ds, sdd_mm=1100.0, primary_deg=-7.0, isocenter_mm=(1.0, 2.0, 3.0))
    assert got.config.sdd_mm == 1100.0 and got.pose == CArmPose(-7.0, 5.0, (1.0, 2.0, 3.0))
    ds.DistanceSourceToPatient = 0
    with pytest.raises(DicomError, match="more than 0"):
        read_dicom(ds, sdd_mm=1100.0, primary_deg=0.0)


def test_a_rotation_run_gives_one_pose_a_frame() -> None:
    ds = to_dataset(make_frame(CArmPose(-20.0, 5.0)), CONFIG)
    ds.NumberOfFrames = 3
    ds.PixelData = ds.PixelData * 3
    ds.PositionerMotion, ds.PositionerPrimaryAngleIncrement = "DYNAMIC", [0, 10, 25]
    assert [frame.pose.primary_deg for frame in read_dicom(ds)] == [-20.0, -10.0, 5.0]


def test_inverted_intensities_are_turned_and_other_files_refused(tmp_path: Path) -> None:
    frame = make_frame()
    ds = to_dataset(frame, CONFIG)
    ds.PixelIntensityRelationshipSign = -1
    np.testing.assert_array_equal(read_dicom(ds)[0].image, 65535 - frame.image)
    (tmp_path / "text.dcm").write_text("not DICOM")
    with pytest.raises(DicomError, match="not a readable"):
        read_dicom(tmp_path / "text.dcm")
    with pytest.raises(MissingTagsError) as caught:  # a CT slice of another maker
        read_dicom(Path(str(get_testdata_file("CT_small.dcm"))), sod_mm=700.0)
    assert caught.value.options == ("pixel_mm", "primary_deg", "secondary_deg")
    del ds.PixelData
    with pytest.raises(DicomError, match="no image"):
        read_dicom(ds)
    with pytest.raises(DicomError, match="pixels"):
        short = to_dataset(frame, CONFIG)
        short.PixelData = b"\0\0"
        read_dicom(short)


@pytest.mark.parametrize("modality", ["XA", "RF"])
@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy is not installed: apt install dicom3tools")
def test_dciodvfy_finds_no_errors(tmp_path: Path, modality: str) -> None:
    path = saved(
        tmp_path, make_frame(CArmPose(33.1, -12.9), Collimation(-91.3, -50.2, 77.7, 120.9), 64), modality=modality
    )
    run = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
    report = run.stdout + run.stderr
    assert "Error" not in report and ("XAImage" in report or "XRFImage" in report or "RF" in report), report
