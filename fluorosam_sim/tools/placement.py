"""Where a tool lies: at random in the beam, or where an implant belongs in a patient."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from fluorosam_sim.geometry import Projection
from fluorosam_sim.patients.landmarks import LandmarkError, Landmarks
from fluorosam_sim.tools.definition import Tool, ToolError
from fluorosam_sim.tools.seats import SEATS, Pose, Seat

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Placed:
    """A tool in the world.

    tool: the tool, or its mirror image on the left side of the body. transform: (4, 4) rigid, from the tool's mm to
    world mm. structure: the label it was put to, None where it lies free in the beam.
    """

    tool: Tool
    transform: FloatArray
    structure: str | None = None


def place_in_beam(
    tool: Tool, projection: Projection, near_mm: npt.ArrayLike, rng: np.random.Generator, depth_mm: float = 150.0
) -> Placed:
    """A tool in any orientation whose middle lies on a random ray of an image.

    near_mm: (3,) a point in the body, such as the isocentre; along the beam the tool stays within depth_mm of it and
    between source and detector. The ray ends in the inner 80 % of the image. Raises ToolError when the point is not
    between them.
    """
    near = np.asarray(near_mm, float)
    middle = projection.origin_mm + projection.du_mm * (projection.width - 1) / 2
    middle = middle + projection.dv_mm * (projection.height - 1) / 2
    beam = middle - projection.source_mm
    sdd = float(np.linalg.norm(beam))
    beam = beam / sdd
    depth = float((near - projection.source_mm) @ beam)
    if not 0 < depth < sdd:
        raise ToolError("The point to place a tool near lies outside the beam: give one between source and detector.")
    low, high = max(depth - depth_mm, 0.15 * sdd), min(depth + depth_mm, 0.97 * sdd)
    size = np.array([projection.width - 1, projection.height - 1])
    ray = projection.rays(size * rng.uniform(0.1, 0.9, 2))[0]
    at = projection.source_mm + ray * rng.uniform(low, high) / float(ray @ beam)
    rotation = Rotation.from_quat(rng.normal(size=4)).as_matrix()
    return Placed(tool, _about_middle(tool, rotation, at))


def place_in_body(
    tool: Tool,
    marks: Landmarks,
    rng: np.random.Generator,
    side: str | None = None,
    among: Collection[str] | None = None,
) -> Placed:
    """An implant where it belongs in a patient.

    marks: `patients.landmarks.landmarks(patient)`. side: "left" or "right" where there is a choice, None for either.
    among: labels that it may be put to, such as those in an image; None: any. Raises ToolError, in one sentence, for a
    tool without a place in the body and where the anatomy is not there, is cut by the edge of the scan or is too short.
    """
    site = tool.site
    if site is None:
        raise ToolError(f"The {tool.name} belongs nowhere in the body: place it in the beam.")
    labels = [name for name in _candidates(tool, marks, side) if among is None or name in among]
    order = rng.permutation(len(labels))
    reason = ""
    for index in order:
        try:
            pose = SEATS[site.how](Seat(tool, site, marks, labels[index]), rng)
        except (LandmarkError, ToolError) as error:
            reason = reason or str(error)
            continue
        return _placed(tool, pose, labels[index])
    raise ToolError(reason or f"{marks.name} has nothing that the {tool.name} is made for.")


def _candidates(tool: Tool, marks: Landmarks, side: str | None) -> list[str]:
    assert tool.site is not None
    sides = (side,) if side else ("left", "right")
    found = []
    for stem in tool.site.structures:
        found += [name for name in (stem, *(f"{stem}_{s}" for s in sides)) if marks.has(name)]
    if not found:
        wanted = " or ".join(stem.replace("_", " ") for stem in tool.site.structures[:3])
        which = f"{side} " if side else ""
        raise ToolError(f"{marks.name} has no {which}{wanted} for the {tool.name}.")
    return found


def _placed(tool: Tool, pose: Pose, label: str) -> Placed:
    mirrored = pose.sided and label.endswith("_left")
    used = replace(tool, mirrored=True) if mirrored else tool
    if pose.about_middle:
        return Placed(used, _about_middle(used, pose.axes, pose.origin_mm), label)
    return Placed(used, _transform(pose.axes, pose.origin_mm), label)


def _about_middle(tool: Tool, axes: FloatArray, at: FloatArray) -> FloatArray:
    return _transform(axes, at - axes @ tool.bounds_mm.mean(axis=0))


def _transform(axes: FloatArray, origin: FloatArray) -> FloatArray:
    result = np.eye(4)
    result[:3, :3], result[:3, 3] = axes, origin
    return result
