"""Runs in the user's own environment, where DeepDRR is: projects what it is told to, over standard input and output.

Started by `fluorosam_sim.render.deepdrr`, which imports nothing of DeepDRR (GPL-3, and pinned to other versions than
ours). This file stands alone: it needs numpy and deepdrr, not fluorosam. One JSON object a line, a reply to each:

    {"op": "hello"}                                   → {"ok": true, "deepdrr": "1.2.2"}
    {"op": "load", "ct": PATH of a NIfTI CT}          → {"ok": true}
    {"op": "project", "views": […], "energies_kev": […], "out": PATH}
                                                      → {"ok": true}; PATH is then a .npy of float32
                                                        (energies, views, H, W): transmission, as the source sees it
    {"op": "quit"}                                    ends
    anything that fails                               → {"ok": false, "error": one sentence}

A view: point_mm, direction, up (RAS millimetres of the CT), fraction (source to point over source to detector), sdd_mm,
pixel_mm, width, height.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import sys
from typing import Any

# Python puts this file's folder first: its modules must not stand before packages of the same name (deepdrr).
sys.path[:] = [path for path in sys.path if os.path.abspath(path) != os.path.dirname(os.path.abspath(__file__))]

import numpy as np  # noqa: E402

_AWAY_MM = 1e5  # far from any patient: what the detector reads there is the open beam
_STEP_VOXELS = 0.1  # DeepDRR's own default


class Worker:
    """One CT and the projections through it."""

    def __init__(self) -> None:
        self._ct: Any = None

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """The reply to one request; raises what DeepDRR raises."""
        if request["op"] == "hello":
            import deepdrr

            del deepdrr  # that it can be imported is half of the answer
            from deepdrr import Projector  # noqa: F401 - compiles nothing, but fails without CUDA

            return {"deepdrr": importlib.metadata.version("deepdrr")}
        if request["op"] == "load":
            from deepdrr import Volume

            # Thresholds instead of the segmentation network: the network would be downloaded.
            self._ct = Volume.from_nifti(request["ct"], use_thresholding=True)
            return {}
        if request["op"] == "project":
            if self._ct is None:
                raise ValueError("No CT was loaded.")
            images = [self._transmission(request["views"], float(energy)) for energy in request["energies_kev"]]
            np.save(request["out"], np.array(images, np.float32))
            return {}
        raise ValueError(f"There is no operation {request['op']!r}.")

    def _transmission(self, views: list[dict[str, Any]], energy_kev: float) -> list[np.ndarray]:
        from deepdrr import Projector, SimpleDevice

        first = views[0]
        device = SimpleDevice(
            sensor_height=first["height"],
            sensor_width=first["width"],
            pixel_size=first["pixel_mm"],
            source_to_detector_distance=first["sdd_mm"],
        )
        # One line of energy (in eV): the logarithm of what passes is then linear in what lies in the beam.
        beam = np.array([[energy_kev * 1000.0, 1.0]])
        with Projector(self._ct, device=device, step=_STEP_VOXELS, spectrum=beam, neglog=False) as projector:
            away = dict(first, point_mm=[v + _AWAY_MM for v in first["point_mm"]])
            opened = float(np.median(self._image(projector, device, away)))
            return [self._image(projector, device, view) / opened for view in views]

    def _image(self, projector: Any, device: Any, view: dict[str, Any]) -> np.ndarray:
        import killeengeo as kg

        place = self._ct.world_from_anatomical
        device.set_view(
            point=place @ kg.point(*view["point_mm"]),
            direction=place @ kg.vector(*view["direction"]),
            up=place @ kg.vector(*view["up"]),
            source_to_point_fraction=view["fraction"],
        )
        return np.asarray(projector(), np.float64)


def main() -> None:
    """Answers until it is told to quit or the other side goes away."""
    # DeepDRR prints: keep the channel to ourselves and send everything else to standard error.
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    worker = Worker()
    for line in sys.stdin:
        request = json.loads(line)
        if request["op"] == "quit":
            return
        try:
            reply = {"ok": True, **worker.answer(request)}
        except Exception as error:
            reply = {"ok": False, "error": f"{type(error).__name__}: {' '.join(str(error).split())[:400]}"}
        channel.write(json.dumps(reply) + "\n")
        channel.flush()


if __name__ == "__main__":
    main()
