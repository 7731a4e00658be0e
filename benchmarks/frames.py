"""How long one frame takes: a preview of 256² with all masks, and the twin's own frames of 512², still and in motion.

    python benchmarks/frames.py

prints a table and one line of JSON: medians of wall and processor time (summed over all threads), and how many times
the preview's time itk-rtk (if it is there) takes for the same view without masks in the same run. Wall times mean
something on an idle machine only: the load average is printed with them. The exit status is 1 when the preview takes
longer than --limit-ms.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable

from fluorosam_sim.bench import bench_render, machine, timed
from fluorosam_sim.carm import VENDORS, CArmPose
from fluorosam_sim.motion import BodyMotion
from fluorosam_sim.patients import load_patient
from fluorosam_sim.render.cpu import CpuRenderer
from fluorosam_sim.twin import Twin

CONFIG = VENDORS["standard"]
PREVIEW = "256² preview, all masks"
_STEP_S = 0.07  # of a breath and of the C-arm's way between frames


def frames(repeats: int) -> dict[str, tuple[float, float]]:
    """(CPU ms, wall ms) by what was timed, on the chest CT."""
    patient = load_patient("chest")
    x, y, z = (float(v) for v in patient.centroid_mm("heart"))
    view = CONFIG.projection(CArmPose(30.0, 20.0), (256, 256))
    found = {}
    for quality in ("preview", "full"):
        renderer = CpuRenderer(patient, preview=quality == "preview")
        found[f"256² {quality}, all masks"] = timed(lambda r=renderer: r.render(view), repeats)  # type: ignore[misc]
        twin = Twin(patient, CONFIG, size_px=(512, 512), motion=BodyMotion(patient), preview=quality == "preview")
        twin.place(CArmPose(0.0, 0.0, (x, y, z)))
        found[f"512² {quality}, twin's frame, nothing moves"] = timed(twin.acquire, repeats)
        assert twin.motion is not None
        twin.motion.follow("free", twin.time_s)
        found[f"512² {quality}, twin's frame, patient breathes"] = timed(stepped(twin), repeats)
        twin.motion.follow("none", twin.time_s)
        twin.start_move(CArmPose(90.0, 0.0, (x, y, z)))
        found[f"512² {quality}, twin's frame, C-arm moves"] = timed(stepped(twin), min(repeats, 70))
    return found


def stepped(twin: Twin) -> Callable[[], object]:
    """A call that lets time pass and shoots."""

    def call() -> object:
        twin.step(_STEP_S)
        return twin.acquire()

    return call


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=31, help="timed frames of each kind; the median counts")
    parser.add_argument("--limit-ms", type=float, default=float("inf"), help="longest wall time of the preview")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    found = frames(options.repeats)
    peers = [row for row in bench_render((256,), 3)["rows"] if row["renderer"] == "itk-rtk joseph"]
    wall = found[PREVIEW][1]
    ratios = {f"{row['renderer']}, 256², no masks / {PREVIEW}": round(row["wall_ms"] / wall, 2) for row in peers}
    print(f"{machine()}; load average {load:.1f} before the run")
    for name, (cpu_ms, wall_ms) in found.items():
        print(f"{name:48} {wall_ms:8.1f} ms  {cpu_ms:8.1f} CPU ms  {1000 / wall_ms:6.1f} a second")
    for name, ratio in ratios.items():
        print(f"{name}: {ratio:g}")
    rows = [{"frame": n, "wall_ms": round(w, 1), "cpu_ms": round(c, 1)} for n, (c, w) in found.items()]
    print(json.dumps({"machine": machine(), "load_average": round(load, 2), "rows": rows, "ratios": ratios}))
    return 0 if wall <= options.limit_ms else 1


if __name__ == "__main__":
    sys.exit(main())
