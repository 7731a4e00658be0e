"""The dose of a case as a DICOM X-Ray Radiation Dose SR, and such objects as numbers.

Structure: TID 10001 (projection X-ray radiation dose) with 10002/10004 (accumulated dose) and one 10003 (irradiation
event) for every event, PS3.16. Written objects come back through `read_dose_report` with every number unchanged to the
precision of a decimal string (12 digits and more); objects of other makers are read as far as they follow the template.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.errors import InvalidDicomError
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code
from pydicom.uid import ExplicitVRLittleEndian, XRayRadiationDoseSRStorage, generate_uid
from pydicom.valuerep import DSfloat

from fluorosam_sim.carm import REFERENCE_POINT_MM, CArmConfig
from fluorosam_sim.dicom import Case, DicomError
from fluorosam_sim.dose import PULSE_S, DoseLedger, EventKind, IrradiationEvent

_DCM, _SCT = codes.DCM, codes.SCT
_KINDS = {EventKind.SHOT: _DCM.StationaryAcquisition, EventKind.FLUOROSCOPY: _SCT.Fluoroscopy}
_GYM2, _GY, _S, _MM, _M2, _DEG, _KV = "Gy.m2", "Gy", "s", "mm", "m2", "deg", "kV"
_MA, _MS, _UAS, _RATE, _ONE = "mA", "ms", "uA.s", "{pulse}/s", "1"
_DATETIME = "%Y%m%d%H%M%S.%f"


@dataclass(frozen=True)
class ReportedEvent:
    """An irradiation event as a report tells it; what it does not tell is None or empty."""

    uid: str
    kind: str
    started: str
    command: str
    pulses: int | None
    duration_s: float | None
    dap_gym2: float | None
    kerma_gy: float | None
    kvp: float | None
    primary_deg: float | None
    secondary_deg: float | None


@dataclass(frozen=True)
class DoseReport:
    """The sums of a report and its events in their order; None where the report does not tell."""

    patient_id: str
    study_uid: str
    dap_gym2: float | None
    kerma_gy: float | None
    fluoro_dap_gym2: float | None
    fluoro_kerma_gy: float | None
    fluoro_s: float | None
    frames: int | None
    events: tuple[ReportedEvent, ...] = field(default=())


# --- out ------------------------------------------------------------------------------------------------------------


def to_dataset(ledger: DoseLedger, config: CArmConfig, case: Case, now: datetime) -> Dataset:
    """The report of a ledger; now: aware, when it is written. The ledger's case UID is the study's."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = XRayRadiationDoseSRStorage
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    _identify(ds, ledger, config, case, now)
    ds.ValueType = "CONTAINER"
    ds.ConceptNameCodeSequence = [_code(_DCM.XRayRadiationDoseReport)]
    ds.ContinuityOfContent = "SEPARATE"
    ds.ContentTemplateSequence = [_template("10001")]
    procedure = _coded(_DCM.ProcedureReported, _DCM.ProjectionXRay, "HAS CONCEPT MOD")
    procedure.ContentSequence = [_coded(_SCT.HasIntent, _SCT.DiagnosticIntent, "HAS CONCEPT MOD")]
    scope = _coded(_DCM.ScopeOfAccumulation, _DCM.Study, "HAS OBS CONTEXT")
    scope.ContentSequence = [_uid(_DCM.StudyInstanceUID, ledger.case_uid, "HAS PROPERTIES")]
    ds.ContentSequence = [
        procedure,
        _coded(_DCM.ObserverType, _DCM.Device, "HAS OBS CONTEXT"),
        _uid(_DCM.DeviceObserverUID, _device_uid(config), "HAS OBS CONTEXT"),
        _text(_DCM.DeviceObserverManufacturer, "fluorosam", "HAS OBS CONTEXT"),
        _text(_DCM.DeviceObserverModelName, f"digital twin {config.name}", "HAS OBS CONTEXT"),
        scope,
        _coded(_DCM.XRayDetectorDataAvailable, _SCT.No),
        _coded(_DCM.XRaySourceDataAvailable, _SCT.Yes),
        _coded(_DCM.XRayMechanicalDataAvailable, _SCT.Yes),
        _accumulated(ledger, config),
        *(_irradiation(event, config) for event in ledger.events),
        _coded(_DCM.SourceOfDoseInformation, _DCM.AutomatedDataCollection),
    ]
    return ds


def write_dose_report(
    path: Path, ledger: DoseLedger, config: CArmConfig, case: Case | None = None, now: datetime | None = None
) -> None:
    """Writes the report, whole or not at all. Raises OSError."""
    ds = to_dataset(ledger, config, case or Case(), now or datetime.now(timezone.utc))
    partial = path.with_name(f".{path.name}.part")
    try:
        ds.save_as(partial, enforce_file_format=True)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _identify(ds: Dataset, ledger: DoseLedger, config: CArmConfig, case: Case, now: datetime) -> None:
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.TimezoneOffsetFromUTC = "+0000"
    ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex = case.patient_name, case.patient_id, "", ""
    begun, written = ledger.started.astimezone(timezone.utc), now.astimezone(timezone.utc)
    ds.StudyInstanceUID, ds.StudyID, ds.AccessionNumber, ds.ReferringPhysicianName = ledger.case_uid, "1", "", ""
    ds.StudyDate, ds.StudyTime = begun.strftime("%Y%m%d"), begun.strftime("%H%M%S")
    ds.Modality, ds.SeriesInstanceUID, ds.SeriesNumber = "SR", generate_uid(), 900
    ds.ReferencedPerformedProcedureStepSequence = []
    ds.PerformedProcedureCodeSequence = []
    ds.InstanceNumber = 1
    ds.ContentDate, ds.ContentTime = written.strftime("%Y%m%d"), written.strftime("%H%M%S")
    ds.Manufacturer, ds.ManufacturerModelName = "fluorosam", f"digital twin {config.name}"
    ds.DeviceSerialNumber, ds.SoftwareVersions = "0", "fluorosam"
    ds.CompletionFlag, ds.VerificationFlag = "COMPLETE", "UNVERIFIED"


def _accumulated(ledger: DoseLedger, config: CArmConfig) -> Dataset:
    shots, fluoro = ledger.shots, ledger.fluoroscopy
    items = [
        _coded(_DCM.AcquisitionPlane, _DCM.SinglePlane, "HAS CONCEPT MOD"),
        _number(_DCM.DoseAreaProductTotal, shots.dap_gym2 + fluoro.dap_gym2, _GYM2),
        _number(_DCM.DoseRPTotal, shots.kerma_gy + fluoro.kerma_gy, _GY),
        _number(_DCM.DistanceSourceToReferencePoint, config.sod_mm - REFERENCE_POINT_MM, _MM),
        _number(_DCM.FluoroDoseAreaProductTotal, fluoro.dap_gym2, _GYM2),
        _number(_DCM.FluoroDoseRPTotal, fluoro.kerma_gy, _GY),
        _number(_DCM.TotalFluoroTime, fluoro.beam_s, _S),
        _number(_DCM.AcquisitionDoseAreaProductTotal, shots.dap_gym2, _GYM2),
        _number(_DCM.AcquisitionDoseRPTotal, shots.kerma_gy, _GY),
        _number(_DCM.TotalAcquisitionTime, shots.beam_s, _S),
        _number(_DCM.TotalNumberOfRadiographicFrames, shots.pulses, _ONE),
        _coded(_DCM.ReferencePointDefinition, _REFERENCE_POINT),
    ]
    return _container(_DCM.AccumulatedXRayDoseData, items, "10002")


def _irradiation(event: IrradiationEvent, config: CArmConfig) -> Dataset:
    width_mm = event.collimation.right_mm - event.collimation.left_mm
    height_mm = event.collimation.bottom_mm - event.collimation.top_mm
    beam_s = PULSE_S * event.pulses
    started = event.started.astimezone(timezone.utc).strftime(_DATETIME)
    items = [
        _coded(_DCM.AcquisitionPlane, _DCM.SinglePlane, "HAS CONCEPT MOD"),
        _uid(_DCM.IrradiationEventUID, event.uid),
        _item("DATETIME", _DCM.DatetimeStarted, DateTime=started),
        _coded(_DCM.IrradiationEventType, _KINDS[event.kind]),
        _coded(_DCM.TargetRegion, _SCT.EntireBody),
        _number(_DCM.DoseAreaProduct, event.dap_gym2, _GYM2),
        _number(_DCM.DoseRP, event.kerma_gy, _GY),
        _coded(_DCM.ReferencePointDefinition, _REFERENCE_POINT),
        _number(_DCM.PositionerPrimaryAngle, event.start_pose.primary_deg, _DEG),
        _number(_DCM.PositionerSecondaryAngle, event.start_pose.secondary_deg, _DEG),
        _number(_DCM.PositionerPrimaryEndAngle, event.end_pose.primary_deg, _DEG),
        _number(_DCM.PositionerSecondaryEndAngle, event.end_pose.secondary_deg, _DEG),
        _container(_DCM.XRayFilters, _filter(_SCT.Aluminum, event.filtration.aluminium_mm)),
        _container(_DCM.XRayFilters, _filter(_SCT.Copper, event.filtration.copper_mm)),
        _coded(_DCM.FluoroMode, _DCM.Pulsed),
        *([_number(_DCM.PulseRate, event.rate_hz, _RATE)] if event.rate_hz else []),
        _number(_DCM.NumberOfPulses, event.pulses, _ONE),
        _number(_DCM.IrradiationDuration, event.duration_s, _S),
        _number(_DCM.PulseWidth, PULSE_S * 1000, _MS),
        _number(_DCM.KVP, event.kvp, _KV),
        _number(_DCM.XRayTubeCurrent, event.mas / beam_s, _MA),
        _number(_DCM.Exposure, event.mas * 1000, _UAS),
        _number(_DCM.CollimatedFieldArea, event.collimation.area_mm2 * 1e-6, _M2),
        _number(_DCM.CollimatedFieldHeight, height_mm, _MM),
        _number(_DCM.CollimatedFieldWidth, width_mm, _MM),
        _number(_DCM.DistanceSourceToIsocenter, config.sod_mm, _MM),
        _number(_DCM.DistanceSourceToDetector, config.sdd_mm, _MM),
        *([_text(_DCM.Comment, event.command[:1024])] if event.command else []),
    ]
    return _container(_DCM.IrradiationEventXRayData, items, "10003")


def _filter(material: Code, thickness_mm: float) -> list[Dataset]:
    return [
        _coded(_DCM.XRayFilterType, _DCM.FlatFilter),
        _coded(_DCM.XRayFilterMaterial, material),
        _number(_DCM.XRayFilterThicknessMinimum, thickness_mm, _MM),
        _number(_DCM.XRayFilterThicknessMaximum, thickness_mm, _MM),
    ]


_REFERENCE_POINT = Code("113860", "DCM", "15cm from Isocenter toward Source")


def _device_uid(config: CArmConfig) -> str:
    return generate_uid(entropy_srcs=["fluorosam digital twin", config.name])


# --- content items --------------------------------------------------------------------------------------------------


def _code(code: Code) -> Dataset:
    ds = Dataset()
    ds.CodeValue, ds.CodingSchemeDesignator, ds.CodeMeaning = code.value, code.scheme_designator, code.meaning
    return ds


def _item(kind: str, name: Code, relationship: str = "CONTAINS", **elements: Any) -> Dataset:
    ds = Dataset()
    ds.RelationshipType, ds.ValueType, ds.ConceptNameCodeSequence = relationship, kind, [_code(name)]
    for keyword, value in elements.items():
        setattr(ds, keyword, value)
    return ds


def _coded(name: Code, value: Code, relationship: str = "CONTAINS") -> Dataset:
    return _item("CODE", name, relationship, ConceptCodeSequence=[_code(value)])


def _text(name: Code, value: str, relationship: str = "CONTAINS") -> Dataset:
    return _item("TEXT", name, relationship, TextValue=value)


def _uid(name: Code, value: str, relationship: str = "CONTAINS") -> Dataset:
    return _item("UIDREF", name, relationship, UID=value)


def _number(name: Code, value: float, unit: str) -> Dataset:
    measured = Dataset()
    measured.NumericValue = DSfloat(value, auto_format=True)
    measured.MeasurementUnitsCodeSequence = [_code(Code(unit, "UCUM", "no units" if unit == _ONE else unit))]
    return _item("NUM", name, MeasuredValueSequence=[measured])


def _container(name: Code, items: list[Dataset], template: str = "") -> Dataset:
    extra: dict[str, Any] = {"ContentTemplateSequence": [_template(template)]} if template else {}
    return _item("CONTAINER", name, ContinuityOfContent="SEPARATE", ContentSequence=items, **extra)


def _template(identifier: str) -> Dataset:
    ds = Dataset()
    ds.MappingResource, ds.TemplateIdentifier = "DCMR", identifier
    return ds


# --- in -------------------------------------------------------------------------------------------------------------


def read_dose_report(source: Path | Dataset) -> DoseReport:
    """Reads a report. Raises DicomError, in one sentence, for what is none."""
    if isinstance(source, Dataset):
        ds = source
    else:
        try:
            ds = pydicom.dcmread(source)
        except (InvalidDicomError, OSError, EOFError, ValueError, AttributeError, NotImplementedError) as error:
            raise DicomError(f"{source} is not a readable DICOM file ({error}).") from error
    if ds.get("SOPClassUID") != XRayRadiationDoseSRStorage:
        raise DicomError("The file is no X-Ray Radiation Dose SR: it holds no dose report.")
    items = list(ds.get("ContentSequence", []))
    # A biplane device accumulates in each plane: their sums are the case's.
    planes = list(_named(items, _DCM.AccumulatedXRayDoseData))
    if not planes:
        raise DicomError("The report has no accumulated dose (TID 10002).")

    def total(name: Code) -> float | None:
        values = [_value(plane.get("ContentSequence", []), name) for plane in planes]
        told = [value for value in values if value is not None]
        return sum(told) if told else None

    frames = total(_DCM.TotalNumberOfRadiographicFrames)
    return DoseReport(
        str(ds.get("PatientID", "")),
        str(ds.get("StudyInstanceUID", "")),
        total(_DCM.DoseAreaProductTotal),
        total(_DCM.DoseRPTotal),
        total(_DCM.FluoroDoseAreaProductTotal),
        total(_DCM.FluoroDoseRPTotal),
        total(_DCM.TotalFluoroTime),
        None if frames is None else round(frames),
        tuple(_reported(item.get("ContentSequence", [])) for item in _named(items, _DCM.IrradiationEventXRayData)),
    )


def _reported(items: list[Dataset]) -> ReportedEvent:
    def text(name: Code, keyword: str) -> str:
        return next((str(item.get(keyword, "")) for item in _named(items, name)), "")

    kind = next((i.ConceptCodeSequence[0].CodeMeaning for i in _named(items, _DCM.IrradiationEventType)), "")
    pulses = _value(items, _DCM.NumberOfPulses)
    return ReportedEvent(
        text(_DCM.IrradiationEventUID, "UID"),
        str(kind),
        text(_DCM.DatetimeStarted, "DateTime"),
        text(_DCM.Comment, "TextValue"),
        None if pulses is None else round(pulses),
        _value(items, _DCM.IrradiationDuration),
        _value(items, _DCM.DoseAreaProduct),
        _value(items, _DCM.DoseRP),
        _value(items, _DCM.KVP),
        _value(items, _DCM.PositionerPrimaryAngle),
        _value(items, _DCM.PositionerSecondaryAngle),
    )


def _named(items: list[Dataset], name: Code) -> Iterator[Dataset]:
    for item in items:
        concept = item.get("ConceptNameCodeSequence") or [Dataset()]
        if concept[0].get("CodeValue") == name.value and concept[0].get("CodingSchemeDesignator") == "DCM":
            yield item


def _value(items: list[Dataset], name: Code) -> float | None:
    """The first number of that name; a measured value may be left empty."""
    for item in _named(items, name):
        measured = item.get("MeasuredValueSequence")
        if measured and measured[0].get("NumericValue") is not None:
            return float(measured[0].NumericValue)
    return None
