"""A body in motion: breathing and heartbeat of one patient over time."""

from __future__ import annotations

import math

import numpy as np

from fluorosam_sim.motion.cycles import Breathing, Heartbeat
from fluorosam_sim.motion.fields import Fields, fields_of, has_heart, has_lungs
from fluorosam_sim.patients.patient import Patient
from fluorosam_sim.render.displacement import Displacement

BodyState = tuple[float, float]
"""Expiration and contraction: 0 is rest, about 1 their full extent."""
AT_REST: BodyState = (0.0, 0.0)
BREATHING_MODES = ("none", "free", "held")  # not "off" and "on", which YAML takes for booleans


class MotionError(ValueError):
    """A patient that cannot move; the message says why in one sentence."""


class BodyMotion:
    """Breathing and heartbeat of a patient: where its tissue is at a time, for the same patient, seed and calls.

    The scan is taken as made in full inspiration at the end of diastole: there the body is at rest, and so it is until
    `start`. breathing, heartbeat: None leaves that still. Raises MotionError for a patient without lungs.
    """

    def __init__(
        self,
        patient: Patient,
        breathing: Breathing | None = None,
        heartbeat: Heartbeat | None = None,
        seed: int = 0,
    ) -> None:
        if not has_lungs(patient):
            raise MotionError(f"{patient.name} has no lungs: it cannot breathe.")
        self.breathing = breathing or Breathing()
        self.heartbeat = heartbeat or Heartbeat()
        self.beats = has_heart(patient)
        self._patient, self._seed = patient, seed
        self._fields: Fields | None = None
        self._breath_from_s = math.inf
        self._held_from_s = math.inf
        self._beat_from_s = math.inf

    def start(self, time_s: float) -> None:
        """The body moves from now on, beginning with an expiration and a systole."""
        if not self.beating(time_s):
            self._beat_from_s = time_s
        self._breath_from_s, self._held_from_s = time_s, math.inf

    def hold_breath(self, time_s: float) -> None:
        """The breath is held from the next full inspiration on; the heart goes on beating."""
        if not self.beating(time_s):
            self._beat_from_s = time_s
        if time_s < self._breath_from_s:
            self._held_from_s = self._breath_from_s = time_s
        elif time_s < self._held_from_s:
            period = self.breathing.period_s
            breaths = math.ceil((time_s - self._breath_from_s) / period)
            self._held_from_s = self._breath_from_s + breaths * period

    def follow(self, how: str, time_s: float) -> None:
        """What is asked of the patient now: "none" (rest), "free" (start) or "held" (hold_breath)."""
        if how == "none":
            self.rest()
        elif how == "free":
            self.start(time_s)
        elif how == "held":
            self.hold_breath(time_s)
        else:
            raise ValueError(f"A patient's breathing is one of {', '.join(BREATHING_MODES)}, not {how!r}.")

    def rest(self) -> None:
        """The body lies still, as in the scan, until it is started again."""
        self._breath_from_s = self._held_from_s = self._beat_from_s = math.inf

    def beating(self, time_s: float) -> bool:
        """Whether the heart beats at a time."""
        return time_s >= self._beat_from_s

    def state(self, time_s: float) -> BodyState:
        """Expiration and contraction at a time."""
        expiration = contraction = 0.0
        if self._breath_from_s <= time_s < self._held_from_s:
            expiration = self.breathing.expiration(time_s - self._breath_from_s, self._seed)
        if self.beats and self.beating(time_s):
            contraction = self.heartbeat.contraction(time_s - self._beat_from_s)
        return expiration, contraction

    def prepare(self) -> None:
        """Makes the displacement fields now rather than with the first image (a few seconds)."""
        if self._fields is None:
            ways = (self.breathing.diaphragm_mm, self.breathing.chest_mm, self.heartbeat.volume_change)
            self._fields = fields_of(self._patient, *ways)

    def displacement(self, state: BodyState) -> Displacement | None:
        """Where the tissue is in a state; None at rest."""
        expiration, contraction = state
        if expiration == 0 and contraction == 0:
            return None
        self.prepare()
        fields = self._fields
        assert fields is not None
        vectors = fields.expiration * np.float32(expiration * self.breathing.diaphragm_mm)
        vectors += fields.chest * np.float32(expiration * self.breathing.chest_mm)
        if contraction > 0:
            vectors += fields.contraction * np.float32(contraction * self.heartbeat.volume_change)
        return Displacement(vectors, fields.affine)
