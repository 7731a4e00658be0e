"""The dose of the twin's case: counted, published, and written as a DICOM report at the end."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

from builtin_interfaces.msg import Time

from fluorosam_ros import convert
from fluorosam_ros.environment import state_folder
from fluorosam_ros.msg import Dose
from fluorosam_ros.nodes.base import ManagedNode
from fluorosam_ros.qos import STATE
from fluorosam_sim.dicom import Case
from fluorosam_sim.dose import DoseLedger
from fluorosam_sim.dose_report import write_dose_report
from fluorosam_sim.twin import Frame, Twin

DOSE_HZ = 2.0


class CaseDose:
    """Made by a node while it is activated, around the ledger of a case that may have begun before."""

    def __init__(self, node: ManagedNode, twin: Twin, ledger: DoseLedger | None, folder: str) -> None:
        """folder: where reports go; empty: the user's state folder."""
        self._node, self._twin = node, twin
        self._folder = Path(folder).expanduser() if folder else state_folder() / "dose"
        self.ledger = ledger or self._new()
        self._reported = len(self.ledger.events)
        self._publisher = node.keep(node.create_publisher(Dose, "carm/dose", STATE))
        node.keep(node.create_timer(1.0 / DOSE_HZ, self.publish))

    def add(self, frame: Frame, stamp: Time, live_hz: float, command: str) -> None:
        """Counts an exposure and tells it; live_hz: of fluoroscopy, 0 for a single shot."""
        if live_hz > 0:
            self.ledger.add_pulse(frame, _utc(stamp), live_hz, command)
        else:
            self.ledger.add_shot(frame, _utc(stamp), command)
        self.publish()

    def end_fluoroscopy(self) -> None:
        """The beam is off."""
        self.ledger.end_fluoroscopy()

    def publish(self) -> None:
        """Tells what the case has cost."""
        self._publisher.publish(convert.dose_to_message(self.ledger, self._node.header()))

    def write_report(self) -> Path:
        """Writes the case's report, over an earlier one of the same case. Raises OSError."""
        ledger = self.ledger
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"dose_{ledger.started:%Y%m%dT%H%M%SZ}_{ledger.case_uid[-8:]}.dcm"
        events = len(ledger.events)
        write_dose_report(path, ledger, self._twin.config, Case(patient_id=self._twin.patient.name))
        self._reported = events
        return path

    def begin_next(self) -> None:
        """A new case, with no dose."""
        self._twin.begin_case()
        self.ledger, self._reported = self._new(), 0
        self.publish()

    @property
    def unreported(self) -> bool:
        """Whether there was an exposure since the last report."""
        return len(self.ledger.events) > self._reported

    def _new(self) -> DoseLedger:
        return DoseLedger(_utc(self._node.header().stamp))


def _utc(stamp: Time) -> datetime:
    return datetime.fromtimestamp(stamp.sec, timezone.utc).replace(microsecond=stamp.nanosec // 1000)
