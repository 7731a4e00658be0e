"""What a case has cost so far: irradiation events and their sums, from the twin's own shots."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from pydicom.uid import generate_uid

from fluorosam_sim.carm import CArmPose, Collimation
from fluorosam_sim.render.beam import Filtration
from fluorosam_sim.twin import Frame

PULSE_S = 0.010  # width of every pulse of the tube


class EventKind(Enum):
    """What an irradiation event is; the values are those of DoseEvent.msg."""

    SHOT = 0
    FLUOROSCOPY = 1


@dataclass(frozen=True)
class DoseTotals:
    """Sums over events; kerma_gy adds all directions, as devices do."""

    dap_gym2: float = 0.0
    kerma_gy: float = 0.0
    beam_s: float = 0.0
    pulses: int = 0

    def __add__(self, other: DoseTotals) -> DoseTotals:
        return DoseTotals(
            self.dap_gym2 + other.dap_gym2,
            self.kerma_gy + other.kerma_gy,
            self.beam_s + other.beam_s,
            self.pulses + other.pulses,
        )


@dataclass(frozen=True)
class IrradiationEvent:
    """One shot, or one stretch of live fluoroscopy.

    started: UTC. duration_s: the pulse's width; of fluoroscopy, from the first pulse to the end of the last one's
    period. dap_gym2, kerma_gy (at the interventional reference point), mas: sums over the pulses. end_pose: where the
    last pulse was taken.
    """

    kind: EventKind
    uid: str
    command: str
    started: datetime
    duration_s: float
    pulses: int
    rate_hz: float
    dap_gym2: float
    kerma_gy: float
    kvp: float
    mas: float
    filtration: Filtration
    start_pose: CArmPose
    end_pose: CArmPose
    collimation: Collimation

    @property
    def totals(self) -> DoseTotals:
        """This event alone, as sums."""
        return DoseTotals(self.dap_gym2, self.kerma_gy, self.duration_s, self.pulses)


class DoseLedger:
    """The events of one case, in order. Not thread-safe: one thread adds, others read the properties."""

    def __init__(self, started: datetime, case_uid: str = "") -> None:
        self.started = started
        self.case_uid = case_uid or generate_uid()
        self._ended: tuple[IrradiationEvent, ...] = ()
        self._shots, self._fluoroscopy = DoseTotals(), DoseTotals()
        self._running: IrradiationEvent | None = None

    @property
    def events(self) -> tuple[IrradiationEvent, ...]:
        """All events, the running one last."""
        return (*self._ended, *([self._running] if self._running else []))

    @property
    def newest(self) -> IrradiationEvent | None:
        """The running event, or the last one."""
        return self._running or (self._ended[-1] if self._ended else None)

    @property
    def shots(self) -> DoseTotals:
        """Sums over the single shots."""
        return self._shots

    @property
    def fluoroscopy(self) -> DoseTotals:
        """Sums over live fluoroscopy, the running event included."""
        return self._fluoroscopy + self._running.totals if self._running else self._fluoroscopy

    def add_shot(self, frame: Frame, at: datetime, command: str = "") -> IrradiationEvent:
        """One single exposure; ends a running stretch of fluoroscopy."""
        self.end_fluoroscopy()
        event = _event(EventKind.SHOT, frame, at, command, PULSE_S, 0.0)
        self._ended += (event,)
        self._shots += event.totals
        return event

    def add_pulse(self, frame: Frame, at: datetime, rate_hz: float, command: str = "") -> IrradiationEvent:
        """One pulse of live fluoroscopy: continues the running event, or begins one."""
        pulse = _event(EventKind.FLUOROSCOPY, frame, at, command, 1.0 / rate_hz, rate_hz)
        run = self._running
        if run is not None:
            pulse = replace(
                run,
                duration_s=(at - run.started).total_seconds() + 1.0 / rate_hz,
                pulses=run.pulses + 1,
                dap_gym2=run.dap_gym2 + pulse.dap_gym2,
                kerma_gy=run.kerma_gy + pulse.kerma_gy,
                mas=run.mas + pulse.mas,
                end_pose=frame.pose,
                collimation=frame.collimation,
            )
        self._running = pulse
        return pulse

    def end_fluoroscopy(self) -> None:
        """The beam is off: the next pulse begins a new event."""
        if self._running is not None:
            totals = self.fluoroscopy
            self._ended += (self._running,)
            self._fluoroscopy, self._running = totals, None


def _event(
    kind: EventKind, frame: Frame, at: datetime, command: str, duration_s: float, rate_hz: float
) -> IrradiationEvent:
    shot = frame.exposure
    return IrradiationEvent(
        kind,
        generate_uid(),
        command,
        at,
        duration_s,
        1,
        rate_hz,
        shot.dap_gym2,
        shot.kerma_ugy * 1e-6,
        shot.kvp,
        shot.mas,
        shot.filtration,
        frame.pose,
        frame.pose,
        frame.collimation,
    )
