"""The steps of the demo, on a graph that is already running or on one of its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from rich.console import Console

from fluorosam_ros.convert import collimation_from_message, image_to_array, stamp_ns
from fluorosam_ros.demo.operator import NoAnswer, Operator
from fluorosam_ros.demo.report import write_report
from fluorosam_ros.demo.truth import Truth, dice
from fluorosam_ros.msg import Reply
from fluorosam_sim.carm import VENDORS, CArmPose
from fluorosam_sim.patients import load_patient

DEVICE = "standard"
CENTERED_MM = 10.0
LEAST_DICE = 0.6
LEAST_COVERAGE = 0.9

Step = dict[str, Any]


class Demo:
    """Runs each step, measures it against the twin's truth and keeps its picture."""

    def __init__(self, operator: Operator, patient: str, folder: Path) -> None:
        self._operator = operator
        self._folder = folder
        self._config = VENDORS[DEVICE]
        self._truth = Truth(load_patient(patient), self._config)
        self.steps: list[Step] = []

    def run(self, console: Console) -> None:
        """All steps in order; a step that fails does not keep the next from being tried."""
        for title, prompt, step in (
            ("Segment: left lung", "left lung", self._segment),
            ("Move: centre on the heart", "center on the heart", self._center),
            ("Collimate: to the heart", "collimate to the heart", self._collimate),
            ("Absent: right knee prosthesis", "right knee prosthesis", self._absent),
            ("Stop while moving", "stop", self._stop),
        ):
            result = self._attempt(title, prompt, step)
            self.steps.append(result)
            mark = "[green]✓[/]" if result["ok"] else "[red]✗[/]"
            console.print(f" {mark} [bold]{prompt}[/] ({result['seconds']:.2f} s): {result['reply']}", highlight=False)

    def _attempt(self, title: str, prompt: str, step: Callable[[str], Step]) -> Step:
        start = time.monotonic()
        try:
            result = step(prompt)
        except NoAnswer as error:
            result = {"ok": False, "seconds": time.monotonic() - start, "reply": str(error), "check": "no answer"}
        picture = self._save_picture(prompt)
        return {"title": title, "prompt": prompt, **result, "picture": picture}

    def _segment(self, prompt: str) -> Step:
        answer = self._operator.ask(prompt)
        frame = self._newest_frame()
        stamp = stamp_ns(frame.header.stamp)

        def segmented() -> bool:
            s = self._operator.segmentation
            return s is not None and stamp_ns(s.header.stamp) >= stamp and any(m.prompt for m in s.masks)

        self._operator.wait_for(segmented, 5.0, "the segmentation")
        segmentation = self._operator.segmentation
        assert segmentation is not None
        found = segmentation.masks[0]
        mask = image_to_array(found.mask) > 0 if found.present else np.zeros((frame.height, frame.width), bool)
        truth = self._truth.mask("lung_left", self._operator.pose(), (frame.width, frame.height))
        overlap = dice(mask, truth)
        ok = answer.kind == Reply.DONE and found.present and overlap >= LEAST_DICE
        return {
            "ok": ok,
            "seconds": answer.seconds,
            "dice": overlap,
            "reply": answer.text,
            "check": f"found, Dice ≥ {LEAST_DICE:g}",
        }

    def _center(self, prompt: str) -> Step:
        before = self._truth.off_center_mm("heart", self._operator.pose())
        shots = self._shots()
        answer = self._operator.ask(prompt)
        after = self._truth.off_center_mm("heart", self._operator.pose())
        ok = answer.kind == Reply.DONE and after <= CENTERED_MM and self._shots() > shots
        return {
            "ok": ok,
            "seconds": answer.seconds,
            "mm_before": before,
            "mm_after": after,
            "shots": self._shots() - shots,
            "reply": answer.text,
            "check": f"moved, shot, middle of the true shadow within {CENTERED_MM:g} mm of the image's middle",
        }

    def _collimate(self, prompt: str) -> Step:
        state = self._operator.state
        assert state is not None
        before = self._config.dose_area_product_gym2(collimation_from_message(state.collimator))
        shots, spent = state.shots, state.dose_area_product
        answer = self._operator.ask(prompt)
        self._operator.wait_for(lambda: self._shots() > shots, 5.0, "the shot after collimating")
        state = self._operator.state
        assert state is not None
        after = (state.dose_area_product - spent) / (state.shots - shots)
        frame = self._newest_frame()
        coverage = self._truth.coverage(
            "heart", self._operator.pose(), collimation_from_message(state.collimator), (frame.width, frame.height)
        )
        ok = answer.kind == Reply.DONE and after < before and coverage >= LEAST_COVERAGE
        return {
            "ok": ok,
            "seconds": answer.seconds,
            "dap_before": before,
            "dap_after": after,
            "coverage": coverage,
            "reply": answer.text,
            "check": f"less dose, at least {LEAST_COVERAGE:.0%} of the heart inside the field",
        }

    def _absent(self, prompt: str) -> Step:
        pose, shots = self._operator.pose(), self._shots()
        answer = self._operator.ask(prompt)
        time.sleep(0.5)  # long enough for a move that should not come to be seen
        still = self._operator.pose() == pose and self._shots() == shots
        ok = still and answer.kind == Reply.REFUSED and "not in this image" in answer.text
        check = "answered “not in this image”, no motion, no shot"
        return {"ok": ok, "seconds": answer.seconds, "reply": answer.text, "check": check}

    def _stop(self, prompt: str) -> Step:
        seen = self._operator.reply_count
        self._operator.say("rotate to LAO 60")
        self._operator.wait_for(self._moving, 10.0, "the C-arm to move")
        start = time.monotonic()
        answer = self._operator.ask(prompt)
        self._operator.wait_for(lambda: not self._moving(), 5.0, "the C-arm to stop")
        seconds = time.monotonic() - start
        self._operator.answer_to("rotate to LAO 60", seen, start, 10.0)
        pose: CArmPose = self._operator.pose()
        time.sleep(0.5)
        still = self._operator.pose() == pose and pose.primary_deg < 59.0
        locked = self._operator.interlock is not None and self._operator.interlock.emergency_stop
        return {
            "ok": still and locked and answer.kind in (Reply.STOPPED, Reply.DONE),
            "seconds": seconds,
            "reply": answer.text,
            "check": f"came to rest at LAO {pose.primary_deg:.0f} of 60, locked until reset",
        }

    def _moving(self) -> bool:
        return self._operator.state is not None and bool(self._operator.state.moving)

    def _shots(self) -> int:
        return 0 if self._operator.state is None else int(self._operator.state.shots)

    def _newest_frame(self) -> Any:
        self._operator.wait_for(lambda: self._operator.frame is not None, 5.0, "an image")
        return self._operator.frame

    def save_summary(self) -> None:
        """summary.png: the pictures of the first three steps side by side."""
        names = [step["picture"] for step in self.steps[:3] if step["picture"]]
        pictures = [cv2.imread(str(self._folder / name)) for name in names]
        if pictures and len({picture.shape for picture in pictures if picture is not None}) == 1:
            cv2.imwrite(str(self._folder / "summary.png"), np.hstack([p for p in pictures if p is not None]))

    def _save_picture(self, prompt: str) -> str | None:
        if self._operator.frame is None:
            return None
        try:
            overlay = self._operator.overlay_of(self._operator.frame, seconds=3.0)
        except NoAnswer:
            return None
        name = f"{len(self.steps) + 1}_{prompt.replace(' ', '_')}.png"
        cv2.imwrite(str(self._folder / name), overlay[:, :, ::-1])
        return name


def run_demo(patient: str, folder: Path) -> bool:
    """The main job on a graph of its own; writes report.html, report.json and pictures; whether every step is ok."""
    from fluorosam_ros.bringup import start

    console = Console()
    folder.mkdir(parents=True, exist_ok=True)
    console.print("Starting the twin, the segmenter, the guidance and the interlock …")
    # The patient lies 6 cm off, so that centring has something to do.
    offset = CArmPose(0.0, 0.0, (30.0, 0.0, 45.0))
    started = time.monotonic()
    with start(patient=patient, device=DEVICE, pose=offset), Operator() as operator:
        operator.wait_until_ready(60.0)
        console.print(f"Up after {time.monotonic() - started:.0f} s.")
        operator.arm(10.0)
        demo = Demo(operator, patient, folder)
        demo.run(console)
    lead = (
        f"Prompts were published on /fluorosam/prompt as an operator would; patient “{patient}”, C-arm “{DEVICE}”. "
        "Every step is checked against the labels of the twin's patient."
    )
    demo.save_summary()
    ok = write_report(folder, demo.steps, lead)
    console.print(f"Report: {folder / 'report.html'}")
    return ok
