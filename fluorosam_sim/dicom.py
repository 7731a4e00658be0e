"""Frames as DICOM objects (XA, RF), and such objects as frames, with the same geometry.

Standard elements carry everything; angles and distances are decimal strings of 16 characters and collimator edges whole
pixels there. A private block repeats them as binary doubles, so that our own objects come back bit by bit; each double
is believed only while it agrees with its standard element, so that edited objects are read as edited.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.errors import InvalidDicomError
from pydicom.uid import (
    ExplicitVRLittleEndian,
    XRayAngiographicImageStorage,
    XRayRadiofluoroscopicImageStorage,
    generate_uid,
)
from pydicom.valuerep import DSfloat

from fluorosam_sim.carm import CArmConfig, CArmPose, Collimation
from fluorosam_sim.geometry import view_axes
from fluorosam_sim.twin import Frame

FloatArray = npt.NDArray[np.float64]

_SOP_CLASS = {"XA": XRayAngiographicImageStorage, "RF": XRayRadiofluoroscopicImageStorage}
_DGYCM2_PER_GYM2 = 1e5
_PRIVATE_GROUP, _PRIVATE_CREATOR = 0x0021, "FLUOROSAM GEOMETRY 1"
_FOCAL_SPOT_MM = 0.6
# What an option of read_dicom stands in for.
_NEEDED = {
    "sdd_mm": ("DistanceSourceToDetector", "Distance Source to Detector (0018,1110)"),
    "sod_mm": ("DistanceSourceToPatient", "Distance Source to Patient (0018,1111)"),
    "pixel_mm": ("ImagerPixelSpacing", "Imager Pixel Spacing (0018,1164)"),
    "primary_deg": ("PositionerPrimaryAngle", "Positioner Primary Angle (0018,1510)"),
    "secondary_deg": ("PositionerSecondaryAngle", "Positioner Secondary Angle (0018,1511)"),
}


class DicomError(ValueError):
    """A file that is no radiograph we can place; the message says why, in one sentence."""


class MissingTagsError(DicomError):
    """Geometry that the file does not tell. options: names of read_dicom's arguments that would supply it."""

    def __init__(self, message: str, options: tuple[str, ...]) -> None:
        super().__init__(message)
        self.options = options


@dataclass(frozen=True)
class Case:
    """What the frames of one examination share. Names are DICOM person names."""

    patient_name: str = "Twin^Digital"
    patient_id: str = "FLUOROSAM"
    study_uid: str = ""
    series_uid: str = ""
    started: datetime = datetime(2000, 1, 1)  # a wall clock without a place


_ANY_CASE = Case()


@dataclass(frozen=True, eq=False)
class DicomFrame:
    """One frame of a file.

    image: (H, W) as stored, or inverted where the file says that more means less radiation. The isocentre of files of
    others is (0, 0, 0): DICOM does not place it in the patient. collimation: the whole detector where the file does not
    tell. kvp, dap_gym2: None where it does not tell.
    """

    image: npt.NDArray[Any]
    config: CArmConfig
    pose: CArmPose
    collimation: Collimation
    kvp: float | None
    dap_gym2: float | None


def to_dataset(
    frame: Frame, config: CArmConfig, case: Case = _ANY_CASE, modality: Literal["XA", "RF"] = "XA"
) -> Dataset:
    """A single-frame object with geometry, collimator, dose and display elements; save it with write_dicom."""
    height, width = frame.image.shape
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = _SOP_CLASS[modality]
    study = case.study_uid or generate_uid(entropy_srcs=[case.patient_id, str(case.started)])
    series = case.series_uid or generate_uid(entropy_srcs=[study, modality])
    image_uid = generate_uid(entropy_srcs=[series, str(frame.shot), frame.image.tobytes().hex()[:4096]])
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = image_uid
    _identify(ds, frame, case, modality, study, series)
    _describe_pixels(ds, frame.image)
    _describe_geometry(ds, frame, config)
    x0, y0, x1, y1 = config.open_pixels(frame.collimation, (width, height))
    ds.CollimatorShape = "RECTANGULAR"
    # Columns and rows count from 1; the edges are the outermost open ones.
    ds.CollimatorLeftVerticalEdge, ds.CollimatorRightVerticalEdge = x0 + 1, x1
    ds.CollimatorUpperHorizontalEdge, ds.CollimatorLowerHorizontalEdge = y0 + 1, y1
    _describe_exposure(ds, frame)
    block = ds.private_block(_PRIVATE_GROUP, _PRIVATE_CREATOR, create=True)
    block.add_new(0x01, "FD", _doubles(frame, config))
    return ds


def write_dicom(
    path: Path, frame: Frame, config: CArmConfig, case: Case = _ANY_CASE, modality: Literal["XA", "RF"] = "XA"
) -> None:
    """Writes a frame as one DICOM file."""
    to_dataset(frame, config, case, modality).save_as(path, enforce_file_format=True)


def read_dicom(
    source: Path | Dataset,
    *,
    sdd_mm: float | None = None,
    sod_mm: float | None = None,
    pixel_mm: float | None = None,
    primary_deg: float | None = None,
    secondary_deg: float | None = None,
    isocenter_mm: tuple[float, float, float] | None = None,
) -> list[DicomFrame]:
    """The frames of an XA, RF or DX object, each with its geometry.

    The options stand in for what the file does not tell, and for what it tells wrongly: they go before its elements.
    Raises MissingTagsError, which names the elements and the options, and DicomError for anything that is not such an
    object or has no readable pixels.
    """
    ds = _dataset(source)
    given = {
        "sdd_mm": sdd_mm,
        "sod_mm": sod_mm,
        "pixel_mm": pixel_mm,
        "primary_deg": primary_deg,
        "secondary_deg": secondary_deg,
    }
    missing = [option for option in _NEEDED if given[option] is None and _first(ds, _NEEDED[option][0]) is None]
    if missing:
        names = ", ".join(_NEEDED[option][1] for option in missing)
        raise MissingTagsError(f"The file does not tell {names}: give {', '.join(missing)}.", tuple(missing))
    values = {
        option: float(value) if (value := given[option]) is not None else _first(ds, _NEEDED[option][0]) or 0.0
        for option in _NEEDED
    }
    if not values["sdd_mm"] > 0 or not values["sod_mm"] > 0 or not values["pixel_mm"] > 0:
        raise DicomError("Distances and pixel spacing must be more than 0 mm: give sdd_mm, sod_mm, pixel_mm.")
    images = _images(ds)
    height, width = images.shape[1:]
    spacing = ds.get("ImagerPixelSpacing")
    rows_mm, cols_mm = (
        (values["pixel_mm"], values["pixel_mm"]) if pixel_mm or not spacing else (float(spacing[0]), float(spacing[1]))
    )
    exact = _exact(ds, values, given, (cols_mm * width, rows_mm * height), (width, height))
    config = CArmConfig(
        str(ds.get("ManufacturerModelName", "") or ds.get("Manufacturer", "") or "unknown"),
        exact["sdd_mm"],
        exact["sod_mm"],
        (exact["detector_w_mm"], exact["detector_h_mm"]),
        (width, height),
        kvp=_first(ds, "KVP") or CArmConfig.kvp,
    )
    where = isocenter_mm or (exact["x_mm"], exact["y_mm"], exact["z_mm"])
    primary, secondary = (
        _per_frame(ds, exact[option], f"{_NEEDED[option][0]}Increment", len(images))
        for option in ("primary_deg", "secondary_deg")
    )
    area = _first(ds, "ImageAndFluoroscopyAreaDoseProduct")
    collimation = Collimation(exact["left_mm"], exact["top_mm"], exact["right_mm"], exact["bottom_mm"])
    dap = area / _DGYCM2_PER_GYM2 if area is not None else None
    return [
        DicomFrame(image, config, CArmPose(p, s, where), collimation, _first(ds, "KVP"), dap)
        for image, p, s in zip(images, primary, secondary, strict=True)
    ]


# --- out ------------------------------------------------------------------------------------------------------------


def _identify(ds: Dataset, frame: Frame, case: Case, modality: str, study: str, series: str) -> None:
    day, time = case.started.strftime("%Y%m%d"), case.started.strftime("%H%M%S")
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex = case.patient_name, case.patient_id, "", ""
    ds.StudyInstanceUID, ds.StudyDate, ds.StudyTime = study, day, time
    ds.StudyID, ds.AccessionNumber, ds.ReferringPhysicianName = "1", "", ""
    ds.SeriesInstanceUID, ds.Modality, ds.SeriesNumber = series, modality, 1
    ds.PatientPosition, ds.Laterality = "HFS", ""
    ds.Manufacturer, ds.ManufacturerModelName = "fluorosam", "digital twin"
    ds.InstanceNumber = frame.shot
    ds.ContentDate, ds.ContentTime = day, time
    ds.AcquisitionDate, ds.AcquisitionTime = day, time
    right, down, _ = view_axes(frame.pose.primary_deg, frame.pose.secondary_deg)
    ds.PatientOrientation = [_letters(right), _letters(down)]
    ds.ImageComments = "Simulated radiograph, not of a person"


def _describe_pixels(ds: Dataset, image: npt.NDArray[np.uint16]) -> None:
    ds.ImageType = ["ORIGINAL", "PRIMARY", "SINGLE PLANE"]
    ds.Rows, ds.Columns = image.shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 0
    ds.LossyImageCompression = "00"
    ds.PixelIntensityRelationship, ds.PixelIntensityRelationshipSign = "LIN", 1
    low, high = (float(v) for v in np.percentile(image, [1, 99]))
    ds.WindowCenter, ds.WindowWidth = _ds((low + high) / 2), _ds(max(high - low, 1.0))
    ds.PixelData = image.astype("<u2").tobytes()


def _describe_geometry(ds: Dataset, frame: Frame, config: CArmConfig) -> None:
    height, width = frame.image.shape
    ds.DistanceSourceToDetector, ds.DistanceSourceToPatient = _ds(config.sdd_mm), _ds(config.sod_mm)
    ds.EstimatedRadiographicMagnificationFactor = _ds(config.magnification)
    ds.ImagerPixelSpacing = [_ds(config.detector_mm[1] / height), _ds(config.detector_mm[0] / width)]
    ds.PositionerMotion, ds.PositionerType = "STATIC", "CARM"
    ds.PositionerPrimaryAngle, ds.PositionerSecondaryAngle = _ds(frame.pose.primary_deg), _ds(frame.pose.secondary_deg)
    ds.FieldOfViewShape = "RECTANGLE"
    ds.FieldOfViewDimensions = [round(config.detector_mm[1]), round(config.detector_mm[0])]
    ds.FocalSpots = _ds(_FOCAL_SPOT_MM)


def _describe_exposure(ds: Dataset, frame: Frame) -> None:
    shot = frame.exposure
    ds.KVP, ds.RadiationSetting, ds.RadiationMode = _ds(shot.kvp), "GR", "PULSED"
    # One pulse of 10 ms, of the current that makes up the charge.
    ds.ExposureTime, ds.XRayTubeCurrent = 10, max(round(shot.mas * 100), 1)
    ds.ExposureInuAs = round(shot.mas * 1000)
    ds.ImageAndFluoroscopyAreaDoseProduct = _ds(shot.dap_gym2 * _DGYCM2_PER_GYM2)
    ds.EntranceDoseInmGy = _ds(frame.entrance_ugy / 1000)
    ds.FilterMaterial = ["ALUMINUM", "COPPER"]
    thickness = [_ds(shot.filtration.aluminium_mm), _ds(shot.filtration.copper_mm)]
    ds.FilterThicknessMinimum = ds.FilterThicknessMaximum = thickness
    ds.Grid = "IN"


def _ds(value: float) -> DSfloat:
    """A decimal string of at most 16 characters."""
    return DSfloat(value, auto_format=True)


def _letters(axis: FloatArray) -> str:
    """Patient direction of an axis: up to two letters, the larger component first."""
    names = (("L", "R"), ("P", "A"), ("H", "F"))
    order = sorted(range(3), key=lambda n: -abs(axis[n]))
    return "".join(names[n][0 if axis[n] > 0 else 1] for n in order[:2] if abs(axis[n]) > 0.1)


def _doubles(frame: Frame, config: CArmConfig) -> list[float]:
    c = frame.collimation
    return [
        config.sdd_mm, config.sod_mm, *config.detector_mm, frame.pose.primary_deg, frame.pose.secondary_deg,
        *frame.pose.isocenter_mm, c.left_mm, c.top_mm, c.right_mm, c.bottom_mm,
    ]  # fmt: skip


# --- in -------------------------------------------------------------------------------------------------------------

_DOUBLES = (
    "sdd_mm", "sod_mm", "detector_w_mm", "detector_h_mm", "primary_deg", "secondary_deg", "x_mm", "y_mm", "z_mm",
    "left_mm", "top_mm", "right_mm", "bottom_mm",
)  # fmt: skip


def _dataset(source: Path | Dataset) -> Dataset:
    if isinstance(source, Dataset):
        return source
    try:
        return pydicom.dcmread(source)
    except (InvalidDicomError, OSError, EOFError, ValueError, AttributeError, NotImplementedError) as error:
        raise DicomError(f"{source} is not a readable DICOM file ({error}).") from error


def _images(ds: Dataset) -> npt.NDArray[Any]:
    """(frames, H, W) pixels, more meaning more radiation."""
    if "PixelData" not in ds:
        raise DicomError("The file holds no image.")
    try:
        pixels = np.asarray(ds.pixel_array)
    except (AttributeError, RuntimeError, NotImplementedError, ValueError, TypeError) as error:
        raise DicomError(f"The file's pixels cannot be read ({error}).") from error
    if int(ds.get("SamplesPerPixel", 1)) != 1:
        raise DicomError("The file holds a colour image, not a radiograph.")
    images = pixels[None] if pixels.ndim == 2 else pixels
    if int(ds.get("PixelIntensityRelationshipSign", 1) or 1) == -1:
        images = (np.int64(2) ** int(ds.BitsStored) - 1 - images).astype(images.dtype)
    return images


def _first(ds: Dataset, keyword: str) -> float | None:
    """The first number of an element, None where it is absent, empty or no number."""
    value = ds.get(keyword)
    if isinstance(value, Sequence) and not isinstance(value, str):
        value = value[0] if len(value) else None
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return number if np.isfinite(number) else None


def _per_frame(ds: Dataset, first: float, keyword: str, count: int) -> list[float]:
    """One angle a frame: increments, where a moving positioner wrote them, are relative to the first frame."""
    value = ds.get(keyword)
    steps = [float(v) for v in value] if isinstance(value, Sequence) and not isinstance(value, str) else []
    return [first + step for step in steps] if len(steps) == count else [first] * count


def _exact(
    ds: Dataset,
    values: dict[str, float],
    given: dict[str, float | None],
    detector_mm: tuple[float, float],
    size_px: tuple[int, int],
) -> dict[str, float]:
    """Geometry by the names of _DOUBLES: the private doubles where they agree with the standard elements."""
    width, height = size_px
    standard = dict(values)
    del standard["pixel_mm"]
    standard |= {
        "detector_w_mm": detector_mm[0],
        "detector_h_mm": detector_mm[1],
        "x_mm": 0.0,
        "y_mm": 0.0,
        "z_mm": 0.0,
    }
    w, h = detector_mm
    edges = {
        "left_mm": ("CollimatorLeftVerticalEdge", -1, width, w, -w / 2),
        "top_mm": ("CollimatorUpperHorizontalEdge", -1, height, h, -h / 2),
        "right_mm": ("CollimatorRightVerticalEdge", 0, width, w, w / 2),
        "bottom_mm": ("CollimatorLowerHorizontalEdge", 0, height, h, h / 2),
    }
    for name, (keyword, offset, pixels, length, border) in edges.items():
        edge = _first(ds, keyword)
        inside = border if edge is None else (edge + offset) * length / pixels - length / 2
        standard[name] = float(np.clip(inside, -length / 2, length / 2))
    try:
        private = ds.private_block(_PRIVATE_GROUP, _PRIVATE_CREATOR)[0x01].value
        doubles = dict(zip(_DOUBLES, map(float, private), strict=True))
    except (KeyError, TypeError, ValueError):
        return standard
    result = {}
    for name, value in standard.items():
        # Decimal strings keep some 13 digits; edges are whole pixels; the isocentre stands in the private block alone.
        tolerance = 1e-6
        if name in edges:
            tolerance = edges[name][3] / edges[name][2] + 1e-6
        agrees = name in ("x_mm", "y_mm", "z_mm") or abs(doubles[name] - value) <= tolerance
        supplied = given.get(name) is not None or (given["pixel_mm"] is not None and name.startswith("detector"))
        result[name] = doubles[name] if agrees and not supplied else value
    return result
