"""Reports in, what the page shows out. Knows neither ROS nor the browser; times are seconds on one monotonic clock."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from fluorosam_model.overlay import PALETTE
from fluorosam_ros.console import clinical
from fluorosam_ros.console.conversation import Conversation, costliest
from fluorosam_ros.console.frames import Compressed
from fluorosam_ros.console.reports import (
    Answer,
    CArmReport,
    InterlockReport,
    NodeReport,
    Outlined,
    Picture,
    PictureKind,
)
from fluorosam_ros.console.shown import (
    Bar,
    CArmShown,
    DoseShown,
    Geometry,
    InterlockShown,
    NodeShown,
    OutlinedShown,
    PictureShown,
    Shown,
)
from fluorosam_ros.console.solids import Solid
from fluorosam_ros.console.suggestions import suggest
from fluorosam_ros.control.exposure_budget import BudgetConfig, Spent
from fluorosam_ros.control.operations import ReplyKind, same_field, same_pose
from fluorosam_sim.carm import CArmPose, Collimation

LIVE_S = 1.0
"""An older image is not live."""

SILENT_S = 1.0
"""C-arm or interlock that has told nothing for so long has fallen silent."""

NODE_SILENT_S = 3.5
"""The same for diagnostics, which come once a second."""

STOP_ANSWER_S = 1.0
"""How long the interlock may take to tell that a stop is latched."""

EXPECTED = ("interlock", "twin", "segmenter", "guidance")
"""Nodes whose absence is worth a line; "twin" gives way to whatever else drives the C-arm."""

_OVERLAY_LATE_S = 1.5  # an overlay further behind the newest image than this is not shown for it
_BEAM_S = 0.5
_KEPT_POSES = 64
_SHOWN_COSTS = 3


class ViewModel:
    """Thread-safe: the line to ROS reports, every open page asks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._talk = Conversation()
        self._carm: tuple[CArmReport, float] | None = None
        self._poses: OrderedDict[int, CArmPose] = OrderedDict()  # of exposures, by the stamp of their images
        self._interlock: tuple[InterlockReport, float] | None = None
        self._spent: Spent | None = None
        self._limits: BudgetConfig | None = None
        self._operator_timeout_s: float | None = None
        self._beam_s = -math.inf
        self._nodes: dict[str, tuple[NodeReport, float]] = {}
        self._outlined: tuple[Outlined, ...] = ()
        self._arrived: dict[PictureKind, tuple[int, float]] = {}  # stamp in ns, arrival
        self._stop_asked_s: float | None = None
        self._body: tuple[Solid, ...] = ()

    # --- reports ----------------------------------------------------------------------------------------------------

    def carm(self, report: CArmReport, now_s: float) -> None:
        """The C-arm told its state."""
        with self._lock:
            if report.beam_on:
                self._poses[report.stamp_ns] = report.pose
                while len(self._poses) > _KEPT_POSES:
                    self._poses.popitem(last=False)
            else:  # the state of an exposure tells where the image was taken, not where the C-arm is
                self._carm = report, now_s

    def interlock(self, report: InterlockReport, now_s: float) -> None:
        """The interlock told its state."""
        with self._lock:
            self._interlock = report, now_s
            if report.emergency_stop:
                self._stop_asked_s = None

    def dose(self, spent: Spent, now_s: float) -> None:
        """The C-arm told what the case has cost."""
        with self._lock:
            before = self._spent
            same_case = before is not None and spent.case_uid == before.case_uid
            if before and same_case and spent.shots + spent.pulses > before.shots + before.pulses:
                self._beam_s = now_s
            self._spent = spent
            self._talk.spent(spent)

    def limits(self, budget: BudgetConfig, operator_timeout_s: float) -> None:
        """The interlock's parameters."""
        with self._lock:
            self._limits, self._operator_timeout_s = budget, operator_timeout_s

    def node(self, report: NodeReport, now_s: float) -> None:
        """A node told its health."""
        with self._lock:
            self._nodes[report.name] = report, now_s

    def outlined(self, found: tuple[Outlined, ...]) -> None:
        """The segmenter's answers on the newest image."""
        with self._lock:
            self._outlined = found

    def body(self, parts: tuple[Solid, ...]) -> None:
        """What the C-arm looks like."""
        with self._lock:
            self._body = parts

    def picture(self, picture: Picture, now_s: float) -> None:
        """An image has come."""
        with self._lock:
            self._arrived[picture.kind] = picture.stamp_ns, now_s

    def prompt(self, text: str, now_s: float, clock: str) -> None:
        """A prompt was said, here or elsewhere. clock: the time of day."""
        with self._lock:
            self._talk.say(text, now_s, clock)

    def answer(self, answer: Answer, now_s: float, clock: str) -> None:
        """A prompt or a press was answered."""
        with self._lock:
            self._talk.answer(answer, now_s, clock)

    def note(self, text: str, kind: ReplyKind, reply: str, now_s: float, clock: str) -> None:
        """The console itself did something."""
        with self._lock:
            self._talk.note(text, kind, reply, now_s, clock)

    def stop_asked(self, now_s: float) -> None:
        """Somebody pressed the emergency stop."""
        with self._lock:
            if self._stop_asked_s is None:
                self._stop_asked_s = now_s

    # --- what is shown ----------------------------------------------------------------------------------------------

    @property
    def armed(self) -> bool:
        """What the interlock said last, however long ago."""
        with self._lock:
            return self._interlock is not None and self._interlock[0].armed

    def shown(self, now_s: float, wanted: PictureKind = "overlay", browsers: int = 1) -> Shown:
        """Everything but the image. wanted: the kind of image that this page would like."""
        with self._lock:
            interlock = self._interlock_shown(now_s)
            entries = self._talk.entries
            return Shown(
                carm=self._carm_shown(now_s),
                interlock=interlock,
                dose=self._dose_shown(),
                log=tuple(
                    replace(e, reply="Nobody answers: is the guidance running?") if e.silent(now_s) else e
                    for e in entries
                ),
                outlined=_outlined(self._outlined),
                nodes=self._nodes_shown(now_s),
                suggestions=suggest(interlock.mode, bool(self._arrived), self._outlined),
                operator=self._operator(browsers),
                picture_kind=self._kind(wanted),
            )

    def picture_shown(self, image: Compressed | None, wanted: PictureKind, now_s: float) -> PictureShown:
        """About the image that is on the page, which may be older than the newest."""
        with self._lock:
            if image is None or not image.jpeg:
                return PictureShown(False, "NO IMAGE YET" if image is None else "THE IMAGE CANNOT BE SHOWN")
            age_s = now_s - image.arrived_s + image.late_s
            taken = self._poses.get(image.stamp_ns)
            notes = []
            if wanted == "overlay" and self._kind(wanted) == "raw" and "raw" in self._arrived:
                notes.append("no outlines: the segmenter has not answered on this image")
            carm = self._carm[0] if self._carm else None
            if carm and taken and not same_pose(taken, carm.pose):
                notes.append("the C-arm has moved since")
            live = age_s < LIVE_S
            return PictureShown(
                live,
                "" if live else "NO LIVE IMAGE",
                clinical.age_text(max(age_s, 0.0)),
                "; ".join(notes),
                clinical.edge_letters(taken) if taken else ("", "", "", ""),
                _field_shares(carm) if carm else None,
            )

    def _kind(self, wanted: PictureKind) -> PictureKind:
        """The overlay only while it keeps up with the images."""
        raw, overlay = self._arrived.get("raw"), self._arrived.get("overlay")
        if wanted == "raw" or overlay is None:
            return "raw"
        return "raw" if raw and raw[0] - overlay[0] > _OVERLAY_LATE_S * 1e9 else "overlay"

    def _carm_shown(self, now_s: float) -> CArmShown:
        if self._carm is None:
            return CArmShown(False, action="NO STATE")
        report, at_s = self._carm
        heard = now_s - at_s <= SILENT_S
        pose, beam_on = report.pose, now_s - self._beam_s <= _BEAM_S
        shrink = report.sod_mm / report.sdd_mm
        width, height = (
            shrink * (b - a) / 10
            for a, b in ((report.field.left_mm, report.field.right_mm), (report.field.top_mm, report.field.bottom_mm))
        )
        is_open = same_field(report.field, _open(report))
        action = "moving" if report.moving else "at rest"
        return CArmShown(
            heard,
            clinical.primary_text(pose.primary_deg),
            clinical.secondary_text(pose.secondary_deg),
            clinical.isocenter_text(pose.isocenter_mm),
            f"SDD {report.sdd_mm / 10:.0f} cm · SID {report.sod_mm / 10:.0f} cm",
            f"{width:.1f} × {height:.1f} cm" + (", open" if is_open else ""),
            report.moving,
            beam_on,
            action if heard else f"silent for {clinical.age_text(now_s - at_s)}",
            Geometry(pose, report.sdd_mm, report.sod_mm, self._body, report.field, beam_on),
        )

    def _interlock_shown(self, now_s: float) -> InterlockShown:
        alarm = ""
        if self._stop_asked_s is not None and now_s - self._stop_asked_s > STOP_ANSWER_S:
            alarm = "The interlock does not answer the stop: use the red button on the C-arm."
        if self._interlock is None or now_s - self._interlock[1] > SILENT_S:
            return InterlockShown("silent", "NO INTERLOCK", "It sends no state: nothing may move or expose.", "", alarm)
        report = self._interlock[0]
        if report.emergency_stop:
            return InterlockShown("stopped", "EMERGENCY STOP", report.reason, "", alarm)
        if not report.armed:
            return InterlockShown("disarmed", "DISARMED", report.reason, "", alarm)
        exposure = "" if report.exposure_permitted else report.exposure_reason
        return InterlockShown("armed", "ARMED", report.reason, exposure, alarm)

    def _dose_shown(self) -> DoseShown:
        spent, limits = self._spent, self._limits or BudgetConfig(0.0, 0.0, 0, 0, 0.0)
        levels = (report.values.get("dose_level", "") for report, _ in self._nodes.values())
        if spent is None:
            names = ("Dose-area product", "Air kerma", "Fluoroscopy", "Shots")
            return DoseShown(tuple(Bar(name, "–", "not reported", None) for name in names))
        bars = (
            _bar("Dose-area product", spent.dap_gym2, limits.dap_gym2, clinical.dap_text),
            _bar("Air kerma", spent.kerma_gy, limits.kerma_gy, clinical.kerma_text),
            _bar("Fluoroscopy", spent.fluoro_s, limits.fluoro_s, clinical.time_text),
            _bar("Shots", spent.shots, limits.shots, str),
        )
        costs = [
            (e.text, f"{e.exposures} {'image' if e.exposures == 1 else 'images'}, {clinical.dap_text(e.dap_gym2)}")
            for e in costliest(self._talk.entries, _SHOWN_COSTS)
        ]
        return DoseShown(bars, next(filter(None, levels), ""), tuple(costs))

    def _nodes_shown(self, now_s: float) -> tuple[NodeShown, ...]:
        carm_heard = self._carm is not None and now_s - self._carm[1] <= SILENT_S
        missing = [n for n in EXPECTED if n not in self._nodes and not (n == "twin" and carm_heard)]
        absent = [NodeShown(name, "silent", "not heard") for name in missing]
        heard = []
        for name, (report, at_s) in self._nodes.items():
            if now_s - at_s > NODE_SILENT_S:
                heard.append(NodeShown(name, "silent", f"silent for {clinical.age_text(now_s - at_s)}"))
            else:
                heard.append(NodeShown(name, report.level, report.text))
        order = {name: index for index, name in enumerate(EXPECTED)}
        return tuple(sorted([*absent, *heard], key=lambda n: (order.get(n.name, len(order)), n.name)))

    def _operator(self, browsers: int) -> str:
        pages = f"{browsers} {'page' if browsers == 1 else 'pages'} open"
        if self._operator_timeout_s is None:
            return pages
        demanded = self._operator_timeout_s > 0
        return f"{pages} · " + (f"heartbeat needed ({self._operator_timeout_s:g} s)" if demanded else "heartbeat sent")


def _bar(name: str, value: float, limit: float, say: Callable[[Any], str]) -> Bar:
    if not limit:
        return Bar(name, say(value), "no limit", None)
    number = say(limit).split()[0]  # in the unit of the value
    return Bar(name, say(value), f"of {number.removesuffix('.000').removesuffix('.00')}", min(value / limit, 1.0))


def _outlined(found: tuple[Outlined, ...]) -> tuple[OutlinedShown, ...]:
    """With the colours in which the overlay draws them: the present ones take them in turn."""
    shown, index = [], 0
    for one in found:
        colour = "#{:02x}{:02x}{:02x}".format(*PALETTE[index % len(PALETTE)]) if one.present else ""
        index += one.present
        text = f"{one.name} {one.score:.0%}" if one.present else f"{one.name}: not in this image"
        shown.append(OutlinedShown(one.prompt, text, colour))
    return tuple(shown)


def _open(report: CArmReport) -> Collimation:
    width, height = report.detector_mm
    return Collimation(-width / 2, -height / 2, width / 2, height / 2)


def _field_shares(report: CArmReport) -> tuple[float, float, float, float] | None:
    if same_field(report.field, _open(report)):
        return None
    (width, height), f = report.detector_mm, report.field
    return f.left_mm / width + 0.5, f.top_mm / height + 0.5, f.right_mm / width + 0.5, f.bottom_mm / height + 0.5
