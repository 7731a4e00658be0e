"""The default renderer: numba on the CPU."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from fluorosam_sim.geometry import Projection
from fluorosam_sim.patients.patient import Patient
from fluorosam_sim.render.displacement import Bends, Displacement, bend_rays
from fluorosam_sim.render.kernel import cast_rays, trace_paths
from fluorosam_sim.render.materials import BONE_FROM_GCM3, BONE_FULL_GCM3
from fluorosam_sim.render.placed import PlacedTool
from fluorosam_sim.render.renderer import MIN_PATH_MM, Rendering, label_channels
from fluorosam_sim.render.shadows import with_tools
from fluorosam_sim.render.view import View, indexed_view
from fluorosam_sim.render.volume import label_words, prepare

_TILE = (16, 32)  # rows, columns of a ray tile: measured best of 8…32 × 16…128; what it holds fits the L1 cache
# Numba's thread pools are not re-entrant on every platform: one render at a time in a process.
_LOCK = threading.Lock()


class CpuRenderer:
    """Area densities and label sets of one patient by slice-driven ray casting.

    preview: halves the in-plane resolution of the volume; two to three times faster, for training and live preview.
    min_path_mm: see Rendering. Memory: about 7 bytes a voxel (11 once a view runs along the body axis).
    Raises ValueError for volumes that cannot be rendered; see volume.prepare.
    """

    def __init__(self, patient: Patient, preview: bool = False, min_path_mm: float = MIN_PATH_MM) -> None:
        if not min_path_mm >= 0:
            raise ValueError(f"The shortest path that counts must be 0 mm or more, not {min_path_mm:g}.")
        self.patient = patient
        self._volume = prepare(patient, halve=preview)
        self._min_path_mm = float(min_path_mm)
        self._packed: dict[int, npt.NDArray[np.uint32]] = {}
        self._words = label_words(patient.label_names)

    def render(
        self,
        projection: Projection,
        labels: bool = True,
        paths: Iterable[str] = (),
        tools: Sequence[PlacedTool] = (),
        displacement: Displacement | None = None,
    ) -> Rendering:
        """One view of the patient at the projection's size; labels=False skips the label sets.

        paths: leaf labels whose path lengths are wanted, too (Rendering.paths_mm); unknown names have none.
        tools: what lies in or around the patient; it displaces tissue. Only what lies between source and detector is
        met. displacement: how the body has moved; CT numbers and labels move with the tissue, tools stay. Raises
        ValueError when the source lies inside the body or a tool, for a view that is wider than the ray caster can take
        (rays at more than 90° from the volume's axis), and for path lengths or tools in a body that has moved.
        """
        volume, view = self._volume, indexed_view(self._volume, projection)
        moved = displacement is not None and not displacement.is_rest
        names = tuple(paths)
        if moved and (names or tools):
            raise ValueError("Path lengths and tools are those of the body at rest: ask for them without displacement.")
        out = np.zeros((2, projection.height, projection.width), np.float32)
        bits = np.zeros((projection.height, projection.width, self._words), np.uint64)
        with _LOCK:
            bends = bend_rays(volume, view, *out.shape[1:], displacement) if moved and displacement else None
            for drift in view.drifts:
                self._cast(view, drift, out, bits, labels and drift == view.drifts[0], bends)
            paths_mm = self._paths(view, projection, names)
        out *= np.float32(volume.scale * 0.1 / len(view.drifts))  # g/cm³ × mm → g/cm²
        bare = Rendering(out[0], out[1], bits, self.patient.label_names, paths_mm)
        return with_tools(bare, volume, view, projection, tools) if tools else bare

    def render_views(
        self, projections: Sequence[Projection], labels: bool = True, tools: Sequence[PlacedTool] = ()
    ) -> list[Rendering]:
        """Several views, in their order; takes the sum of their times."""
        return [self.render(projection, labels, tools=tools) for projection in projections]

    def _cast(
        self,
        view: View,
        drift: float,
        out: npt.NDArray[np.float32],
        bits: npt.NDArray[np.uint64],
        labels: bool,
        bends: Bends | None,
    ) -> None:
        """Adds soft tissue and bone in packed density × mm to out (2, H, W); fills the label sets when wanted."""
        volume = self._volume
        cast_rays(
            self._packed_along(view.order[1]),
            volume.labels,
            volume.occupied,
            volume.held,
            view.strides,
            view.sizes,
            view.occupied_strides,
            view.source,
            view.origin,
            view.du,
            view.dv,
            view.step_mm,
            drift,
            *_TILE,
            np.float32(BONE_FROM_GCM3 / volume.scale),
            np.float32(volume.scale / (BONE_FULL_GCM3 - BONE_FROM_GCM3)),
            out,
            bits,
            labels,
            self._min_path_mm,
            view.most_samples(self._min_path_mm),
            bends.nodes if bends else None,
            bends.slab if bends else 1,
            bends.cell_shift if bends else 4,
        )

    def _paths(self, view: View, projection: Projection, names: tuple[str, ...]) -> dict[str, npt.NDArray[np.float32]]:
        channels, kept = label_channels(self.patient.label_names, names)
        out = np.zeros((len(kept), projection.height, projection.width), np.float32)
        if kept:
            geometry = (view.source, view.origin, view.du, view.dv, view.step_mm)
            trace_paths(self._volume.labels, channels, view.strides, view.sizes, *geometry, out)
        return dict(zip(kept, out, strict=True))

    def _packed_along(self, axis: int) -> npt.NDArray[np.uint32]:
        if axis not in self._packed:
            self._packed[axis] = self._volume.packed(axis)
        return self._packed[axis]
