"""Where the sites of named views lie among the bones, in many bodies: the statistics that view finding leans on.

For every body the file holds the centres of its structures, both ends of its long bones, and the frames of all sites
that named views are defined in. Whoever knows where some structures of a patient are can then say how a site lies.
Written by ``python -m fluorosam_sim.views.population``.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fluorosam_sim.anatomy import LABELS
from fluorosam_sim.patients.landmarks import LandmarkError, Landmarks
from fluorosam_sim.patients.landmarks.spine import PEDICLE_DEG
from fluorosam_sim.patients.library import load_patient
from fluorosam_sim.patients.patient import Patient
from fluorosam_sim.views.catalogue import VIEWS

FloatArray = npt.NDArray[np.float64]

BODIES = tuple(f"synthetic:{number}@2" for number in range(32))
"""The bodies of the packaged file: those that the model was trained on, so that held-out ones stay held out."""

LONG_BONES = tuple(
    f"{bone}_{side}"
    for bone in ("femur", "tibia", "fibula", "humerus", "ulna", "radius", "clavicula")
    for side in ("left", "right")
)
"""Labels whose ends count as points of their own: the C-arm's field rarely shows the whole bone."""

ENDS = ("proximal", "distal")
POINTS: tuple[str, ...] = (*LABELS, *(f"{bone}:{end}" for bone in LONG_BONES for end in ENDS))
"""Names of the points: a leaf label for its centre, "femur_left:distal" for an end."""

_FILE = "population.npz"


def frame_name(site: str, side: str | None, label: str | None) -> str:
    """How a site's frame is called in the file: "knee left", "vertebra L4", "pedicle left L4"."""
    return " ".join(filter(None, (site, side, label.removeprefix("vertebrae_") if label else "")))


def _sites() -> list[tuple[str, str | None, str | None]]:
    found = [(view.site, view.side, None) for view in VIEWS if not view.vertebral]
    levels = [f"vertebrae_{level}" for level in (*(f"C{n}" for n in range(1, 8)), *PEDICLE_DEG)]
    found += [("vertebra", None, label) for label in levels]  # type: ignore[misc]
    found += [("pedicle", side, label) for label in levels[7:] for side in ("left", "right")]  # type: ignore[misc]
    return list(dict.fromkeys(found))


SITES = tuple(_sites())
"""(site, side, vertebra's label) of every frame in the file."""

FRAMES = tuple(frame_name(*site) for site in SITES)
"""Their names."""


@dataclass(frozen=True, eq=False)
class Population:
    """Many bodies. points_mm: (B, len(POINTS), 3) world, NaN where a body lacks one. origins_mm: (B, len(SITES), 3).

    axes: (B, len(SITES), 3, 3), columns to the site's left, back and head; NaN where a site cannot be found.
    """

    points_mm: FloatArray
    origins_mm: FloatArray
    axes: FloatArray

    def local(self, frame: str) -> tuple[FloatArray, FloatArray]:
        """(points (B, len(POINTS), 3) in a site's own axes from its origin, axes (B, 3, 3)) of bodies that have it.

        Raises KeyError for a name that no frame has.
        """
        if frame not in FRAMES:
            raise KeyError(f"There is no frame {frame!r}.")
        at = FRAMES.index(frame)
        has = np.isfinite(self.axes[:, at]).all(axis=(1, 2))
        axes, origins = self.axes[has, at], self.origins_mm[has, at]
        return np.einsum("bpi,bij->bpj", self.points_mm[has] - origins[:, None], axes), axes


@lru_cache(maxsize=1)
def population() -> Population:
    """The packaged bodies."""
    with as_file(files("fluorosam_sim.views") / "data" / _FILE) as path, np.load(path) as stored:
        parts = [np.asarray(stored[name], np.float64) for name in ("points_mm", "origins_mm", "axes")]
    return Population(*parts)


def measured(patient: Patient) -> Population:
    """A population of one."""
    marks = Landmarks(patient)
    points = np.full((len(POINTS), 3), np.nan)
    whole = {label for label in LABELS if marks.has(label) and label not in patient.cut}
    for at, name in enumerate(POINTS):
        label, _, end = name.partition(":")
        if label in whole:
            points[at] = getattr(marks.shape(label), f"{end}_mm") if end else marks.points(label).mean(axis=0)
    origins, axes = np.full((len(SITES), 3), np.nan), np.full((len(SITES), 3, 3), np.nan)
    for at, (site, side, label_) in enumerate(SITES):
        try:
            frame = marks.site(site, side, label_)
        except LandmarkError:
            continue
        origins[at], axes[at] = frame.origin_mm, frame.axes
    return Population(points[None], origins[None], axes[None])


def write(path: Path, bodies: tuple[str, ...] = BODIES) -> None:
    """Measures bodies by name and writes the file."""
    found = [measured(load_patient(name)) for name in bodies]
    np.savez_compressed(
        path,
        points_mm=np.concatenate([one.points_mm for one in found]).astype(np.float32),
        origins_mm=np.concatenate([one.origins_mm for one in found]).astype(np.float32),
        axes=np.concatenate([one.axes for one in found]).astype(np.float32),
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Measures the bodies and writes the packaged file.")
    parser.add_argument("out", type=Path, nargs="?", default=Path(__file__).parent / "data" / _FILE)
    write(parser.parse_args().out)
