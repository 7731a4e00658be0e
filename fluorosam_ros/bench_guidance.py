"""Commands scored on the twin from random starting poses: centring, collimating, named views; in mm, degrees, shots.

What is not found, refused or lost counts with where it ended, as it would for a surgeon: it is not left out.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage
from scipy.spatial.transform import Rotation

from fluorosam_ros.bench_loop import Row, starting_pose
from fluorosam_ros.control.command_types import Center, CollimateTo, Command, GoToView, Target
from fluorosam_ros.control.operations import ReplyKind
from fluorosam_ros.control.sequences import Guide
from fluorosam_ros.control.site_fit import site_statistics
from fluorosam_ros.control.survey import SURVEY
from fluorosam_ros.control.twin_device import ModelSegmenter, Segmenter, TruthSegmenter, TwinDevice
from fluorosam_ros.control.view_angles import turn_deg, view_frame
from fluorosam_ros.control.wording import view_name
from fluorosam_sim import anatomy
from fluorosam_sim.carm import VENDORS, CArmConfig, CArmPose, LimitError
from fluorosam_sim.geometry import direction_from_angles
from fluorosam_sim.patients import Patient, load_patient
from fluorosam_sim.twin import Twin
from fluorosam_sim.views import VIEWS, ViewError, ViewSolution, solve

VERSION = 1

PATIENTS = ("chest", *(f"synthetic:{number}@2" for number in range(9010, 9014)))
"""The packaged CT and four bodies that neither trained, chose nor calibrated anything."""

FAMILIES = ("center", "collimate", "view")

PEOPLE_SHOTS = 7.1
"""Shots that people take for a standard view."""

GOALS: dict[str, dict[str, float]] = {
    "center": {"mm": 5.0, "shots": 3},
    "collimate": {"coverage": 0.95, "dap_cut": 0.5},
    "view": {"degrees": 6.0, "shots": 4},
}
"""Within so many mm and degrees (median) in so many shots; at least so much coverage and mean cut of the dose."""

ASKEW_DEG = 8.0
"""Patients do not lie straight: each is turned by up to so much about each axis, which nothing tells the guidance."""

_PREVIEW_PX = (192, 192)
_REST_S = 60.0
"""Between two runs, so that the detector has forgotten the images of the one before."""

_LARGEST_SHARE = 0.8
"""A target whose box is wider than this share of the field has no middle that one image shows."""


class Case:
    """One patient of the benchmark, on the table and under a C-arm: what can be asked for, and the truth.

    rng: of how the patient lies; askew_deg: by up to how much it is turned about each axis. preview: images of
    192 × 192 pixels, for the patient's labels in place of a segmenter.
    """

    def __init__(
        self, name: str, config: CArmConfig, rng: np.random.Generator, askew_deg: float, preview: bool
    ) -> None:
        self.name, self.config = name, config
        self.patient = _turned(load_patient(name), rng.uniform(-askew_deg, askew_deg, 3))
        self.targets = _targets(self.patient, config)
        self.twin = Twin(self.patient, config, seed=int(rng.integers(2**31)), size_px=_PREVIEW_PX if preview else None)

    def off_center_mm(self, key: str) -> float:
        """Distance of the middle of a structure's shadow from the image's, mm in the isocentre's plane, at this pose.

        Where the shadow is not whole on the detector, that of the structure's centre from the central ray.
        """
        mask = self._mask(key)
        if not mask.any() or mask[[0, -1]].any() or mask[:, [0, -1]].any():
            return self.twin.pose.off_axis_mm(self.targets[key])
        pitch = self.config.detector_mm[0] / mask.shape[1] / self.config.magnification
        middle = np.argwhere(mask).mean(axis=0) - (np.array(mask.shape) - 1) / 2
        return float(np.hypot(*middle) * pitch)

    def coverage(self, key: str) -> float:
        """Share of a structure's shadow on the detector that lies in the open field; 0 when it casts none."""
        return self.config.open_share(self._mask(key), self.twin.collimation)

    def _mask(self, key: str) -> np.ndarray:
        return self.twin.truth().mask(anatomy.structure(key).members)

    def view(self, rng: np.random.Generator) -> ViewSolution:
        """A random named view that this patient and C-arm have."""
        options = [(view, level) for view in VIEWS for level in (_LEVELS if view.vertebral else (None,))]
        weights = np.array([1 / len(_LEVELS) if level else 1.0 for _, level in options])
        for at in rng.choice(len(options), len(options), replace=False, p=weights / weights.sum()):
            view, level = options[at]
            try:
                return solve(view, self.patient, self.config, level)
            except ViewError:
                continue
        raise ViewError(f"{self.name} has no named view at all.")


_LEVELS = tuple(f"vertebrae_{level}" for level in anatomy.VERTEBRAE if level != "S1")


def _turned(patient: Patient, turn_deg: np.ndarray) -> Patient:
    """A patient that lies askew: turned about the world's origin by a rotation vector (3,)."""
    turn = np.eye(4)
    turn[:3, :3] = Rotation.from_rotvec(np.deg2rad(turn_deg)).as_matrix()
    return replace(patient, affine=turn @ patient.affine)


def _targets(patient: Patient, config: CArmConfig) -> dict[str, np.ndarray]:
    """Centre (3,) mm by key of what standard views are taken for and people ask for, if whole and not too large."""
    boxes = ndimage.find_objects(patient.labels)
    index = {name: value for value, name in enumerate(patient.label_names) if name}
    keys = dict.fromkeys([*SURVEY, *(key for view in VIEWS for key in view.structures), *_LEVELS])
    found = {}
    for key in keys:
        members = [name for name in anatomy.structure(key).members if name in index]
        parts = [boxes[index[name] - 1] for name in members if index[name] <= len(boxes)]
        parts = [part for part in parts if part is not None]
        if not parts or patient.cut & set(members):
            continue
        sides = [max(p[a].stop for p in parts) - min(p[a].start for p in parts) for a in range(3)]
        if (
            max(np.multiply(sides, patient.spacing_mm))
            > _LARGEST_SHARE * min(config.detector_mm) / config.magnification
        ):
            continue
        center = patient.centroid_mm(anatomy.structure(key).members)
        if _reached(config, CArmPose(0.0, 0.0, (float(center[0]), float(center[1]), float(center[2])))):
            found[key] = center
    return found


def _reached(config: CArmConfig, pose: CArmPose) -> bool:
    try:
        config.check_pose(pose)
    except LimitError:
        return False
    return True


def _start(rng: np.random.Generator, target_mm: np.ndarray, config: CArmConfig) -> CArmPose:
    while True:
        pose = starting_pose(rng, target_mm)
        if _reached(config, pose):
            return pose


def bench_guidance(
    patients: Sequence[str] = PATIENTS,
    poses: int = 100,
    segmenter: str = "lite",
    seed: int = 0,
    log: Path | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
    families: Sequence[str] = FAMILIES,
    askew_deg: float = ASKEW_DEG,
) -> dict[str, Any]:
    """{version, goals, rows, summary} of random commands from random starting poses, spread evenly over the patients.

    Every pose has a target to centre on and then collimate to, and a named view to go to from a start of its own.
    segmenter: a model's name, or "truth" for the patient's own labels. log: a file of rows; those that are in it are
    not measured again. Raises ValueError when the log is of other options.
    """
    options: dict[str, Any] = {"version": VERSION, "segmenter": segmenter, "seed": seed, "askew_deg": askew_deg}
    options["patients"] = list(patients)
    rows = _read(log, options)
    done = {(row["pose"], row["family"]) for row in rows}
    wanted = [(pose, patients[pose % len(patients)]) for pose in range(poses)]
    model: Segmenter | None = None
    for number, name in enumerate(patients):
        left = [pose for pose, patient in wanted if patient == name and not {(pose, f) for f in families} <= done]
        if not left:
            continue
        if segmenter != "truth" and model is None:
            model = ModelSegmenter(segmenter)
        case = Case(name, VENDORS["standard"], np.random.default_rng([seed, number]), askew_deg, segmenter == "truth")
        for pose in left:
            for row in _measured(case, pose, seed, model, families):
                row = {"pose": pose, "patient": name, "segmenter": segmenter, **row}
                if (pose, row["family"]) not in done:
                    rows.append(row)
                    _append(log, row)
            progress(len({row["pose"] for row in rows}), poses)
    rows = sorted((row for row in rows if row["pose"] < poses), key=lambda row: row["pose"])
    return {"version": VERSION, "goals": GOALS, "rows": rows, "summary": summarised(rows)}


def _read(log: Path | None, options: dict[str, Any]) -> list[Row]:
    if log is None:
        return []
    if not log.exists():
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(json.dumps(options) + "\n")
        return []
    lines = log.read_text().splitlines()
    if not lines or json.loads(lines[0]) != options:
        raise ValueError(f"{log} holds a run with other options: name another file, or delete it.")
    return [json.loads(line) for line in lines[1:]]


def _append(log: Path | None, row: Row) -> None:
    if log is not None:
        with log.open("a") as file:
            file.write(json.dumps(row) + "\n")


def _measured(case: Case, pose: int, seed: int, model: Segmenter | None, families: Sequence[str]) -> Iterator[Row]:
    rng = np.random.default_rng([seed, 1000 + pose])
    target = str(rng.choice(list(case.targets)))
    start = _start(rng, case.targets[target], case.config)
    if "center" in families or "collimate" in families:
        run = _Run(case, start, model)
        yield run.center(target)
        yield run.collimate(target)
    if "view" in families:
        solution = case.view(rng)
        yield _Run(case, _start(rng, solution.target_mm, case.config), model).view(solution)


class _Run:
    """A C-arm at a starting pose, and the guide that commands it."""

    def __init__(self, case: Case, start: CArmPose, model: Segmenter | None) -> None:
        self._case, self._twin = case, case.twin
        self._twin.place(start)
        self._twin.set_collimation(case.config.open_field)
        self._twin.step(_REST_S)
        device = TwinDevice(self._twin, model or TruthSegmenter(self._twin))
        self._guide = Guide(device)
        device.interlock("arm")

    def _do(self, task: str, command: Command) -> Row:
        twin = self._twin
        shots, clock, dose, before, begun = twin.shots, twin.time_s, twin.dap_gym2, twin.pose, time.perf_counter()
        outcome = self._guide.carry_out(command)
        return {
            "task": task,
            "success": outcome.kind is ReplyKind.DONE,
            "shots": twin.shots - shots,
            "dap_ugym2": round((twin.dap_gym2 - dose) * 1e6, 3),
            "seconds": round(time.perf_counter() - begun + twin.time_s - clock, 2),
            "unsafe": outcome.kind is ReplyKind.REFUSED and twin.pose != before,
            "reply": outcome.text,
        }

    def center(self, key: str) -> Row:
        """Centring on a structure: mm from its shadow's middle to the image's, and from its centre to the ray."""
        case, before, away = self._case, self._twin.pose, self._case.off_center_mm(key)
        structure = anatomy.structure(key)
        row = self._do(f"center on the {structure.name}", Center(Target((structure,))))
        after = self._twin.pose
        turned = (before.primary_deg, before.secondary_deg) != (after.primary_deg, after.secondary_deg)
        return {
            "family": "center",
            **row,
            "unsafe": row["unsafe"] or turned,
            "mm": round(case.off_center_mm(key), 2),
            "mm_body": round(self._twin.pose.off_axis_mm(case.targets[key]), 2),
            "mm_before": round(away, 2),
        }

    def collimate(self, key: str) -> Row:
        """Collimating to it where the C-arm stands: share of its shadow kept, and of the dose-area product."""
        twin = self._twin
        structure = anatomy.structure(key)
        row = self._do(f"collimate to the {structure.name}", CollimateTo(Target((structure,))))
        opening = twin.collimation
        return {
            "family": "collimate",
            **row,
            "coverage": round(self._case.coverage(key), 4),
            "dap_ratio": round(opening.area_mm2 / twin.config.open_field.area_mm2, 4),
        }

    def view(self, solution: ViewSolution) -> Row:
        """Going to a named view: degrees to the direction solved on the patient's labels, mm from its target to the
        central ray."""
        twin, before = self._twin, self._twin.pose
        command = GoToView(solution.view, solution.structure)
        row = self._do(f"go to {view_name(solution.view, solution.structure)}", command)
        return {
            "family": "view",
            **row,
            "degrees": round(_off_deg(twin.pose, solution), 2),
            "degrees_before": round(_off_deg(before, solution), 2),
            "degrees_textbook": round(_unseen_deg(solution, None), 2),
            "degrees_typical": round(_unseen_deg(solution, view_frame(command)), 2),
            "mm": round(twin.pose.off_axis_mm(solution.target_mm), 2),
        }


def _off_deg(pose: CArmPose, solution: ViewSolution) -> float:
    off = turn_deg(pose, solution.direction)
    return min(off, 180.0 - off) if solution.view.either_way else off


def _unseen_deg(solution: ViewSolution, frame: str | None) -> float:
    """How far angles would be off that were taken without looking, within the C-arm's reach or not.

    frame: the site's in the population, for the mean of its bodies; None for the textbook's angles.
    """
    view = solution.view
    direction = direction_from_angles(view.nominal_primary_deg, view.nominal_secondary_deg)
    if frame is not None:
        direction = site_statistics(frame).axes @ direction
    off = float(np.rad2deg(np.arccos(np.clip(direction @ solution.direction, -1.0, 1.0))))
    return min(off, 180.0 - off) if view.either_way else off


def summarised(rows: Sequence[Row]) -> dict[str, Any]:
    """Counts, medians, 90th percentiles and means by family; failures count with where they ended."""
    summary: dict[str, Any] = {"unsafe": sum(row["unsafe"] for row in rows), "people_shots": PEOPLE_SHOTS}
    for family in FAMILIES:
        part = [row for row in rows if row["family"] == family]
        if not part:
            continue
        numbers: dict[str, Any] = {"n": len(part), "done": _mean(part, "success"), "reached": _reached_share(part)}
        for key in ("mm", "mm_body", "degrees", "degrees_textbook", "degrees_typical", "shots", "seconds"):
            if key in part[0]:
                values = [row[key] for row in part]
                numbers[f"median_{key}"] = round(float(np.median(values)), 2)
                numbers[f"p90_{key}"] = round(float(np.quantile(values, 0.9)), 2)
        for key in ("shots", "dap_ugym2", "coverage", "dap_ratio"):
            if key in part[0]:
                numbers[f"mean_{key}"] = _mean(part, key)
        summary[family] = numbers
    return summary


def _mean(rows: Sequence[Row], key: str) -> float:
    return round(float(np.mean([row[key] for row in rows])), 3)


def _reached_share(rows: Sequence[Row]) -> float:
    """Share of commands that were done and ended within the goals, each by itself."""
    goals = GOALS[rows[0]["family"]]
    good = [
        row["success"]
        and row.get("mm", 0.0) <= goals.get("mm", np.inf)
        and row.get("degrees", 0.0) <= goals.get("degrees", np.inf)
        and row["shots"] <= goals.get("shots", np.inf)
        and row.get("coverage", 1.0) >= goals.get("coverage", 0.0)
        and 1 - row.get("dap_ratio", 0.0) >= goals.get("dap_cut", 0.0)
        for row in rows
    ]
    return round(float(np.mean(good)), 3)
