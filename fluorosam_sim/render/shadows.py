"""What rays meet of tools: path lengths by material and by tool, and the tissue whose place the tools take.

Every pixel is cast as a grid of sub-rays, so that a wire thinner than a pixel stays a line. For each sub-ray the faces
it crosses are collected (`mesh_kernel`), sorted by depth and walked through; between entry and exit lies the tool. The
walk is exact for the polyhedron that the mesh is. Where tools overlap their thicknesses add, tissue is displaced once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from fluorosam_sim.geometry import Projection
from fluorosam_sim.render.materials import BONE_FROM_GCM3, BONE_FULL_GCM3
from fluorosam_sim.render.mesh_kernel import cross_faces, walk_rays
from fluorosam_sim.render.placed import PlacedTool
from fluorosam_sim.render.renderer import Rendering
from fluorosam_sim.render.view import View
from fluorosam_sim.render.volume import Volume
from fluorosam_sim.tools.materials import Material

Float32Array = npt.NDArray[np.float32]
SUB_RAYS = 3  # across and down a pixel
_FRONT = 1e-9  # depth in units of source to detector from which a vertex counts as before the source


@dataclass(frozen=True, eq=False)
class Shadows:
    """paths_mm: (H, W) float32 by tool, means over each pixel's sub-rays. gcm2: (H, W) float32 by material.

    displaced_gcm2: (2, H, W) float32 soft tissue and bone whose place the tools take.
    """

    paths_mm: tuple[Float32Array, ...]
    gcm2: dict[Material, Float32Array]
    displaced_gcm2: Float32Array


def with_tools(
    bare: Rendering, volume: Volume, view: View, projection: Projection, tools: Sequence[PlacedTool]
) -> Rendering:
    """The rendering of a patient, with tools put into it; see cast_tools."""
    shadows = cast_tools(volume, view, projection, tools)
    soft, bone = shadows.displaced_gcm2
    return replace(
        bare,
        soft_gcm2=np.maximum(bare.soft_gcm2 - soft, 0),
        bone_gcm2=np.maximum(bare.bone_gcm2 - bone, 0),
        tool_names=tuple(tool.name for tool in tools),
        tool_paths_mm=shadows.paths_mm,
        tool_gcm2=shadows.gcm2,
    )


def cast_tools(
    volume: Volume,
    view: View,
    projection: Projection,
    tools: Sequence[PlacedTool],
    sub_rays: int = SUB_RAYS,
) -> Shadows:
    """Casts tools into one view.

    Only what lies between source and detector is met. Raises ValueError
    when the source lies inside a tool.
    """
    height, width = projection.height, projection.width
    materials = list(dict.fromkeys(part.material for tool in tools for part in tool.parts))
    paths = np.zeros((len(tools), height, width), np.float32)
    material_mm = np.zeros((len(materials), height, width), np.float32)
    displaced = np.zeros((2, height, width), np.float32)
    fine = projection.resized(width * sub_rays, height * sub_rays)
    inverse = np.linalg.inv(np.column_stack([fine.du_mm, fine.dv_mm, fine.origin_mm - fine.source_mm]))
    pieces = []  # (vertices relative to the source, faces, tool, material)
    window = np.array([width, height, 0, 0])  # pixels: x0, y0, x1, y1
    for number, tool in enumerate(tools):
        for part in tool.parts:
            rays = tool.vertices_mm(part) - fine.source_mm
            if _encloses_origin(rays, part.mesh.faces):
                raise ValueError(f"The X-ray source lies inside {tool.name}: move either.")
            box = _window(rays @ inverse.T, width, height, sub_rays)
            if box is not None:
                window = np.concatenate([np.minimum(window[:2], box[:2]), np.maximum(window[2:], box[2:])])
                faces = np.ascontiguousarray(part.mesh.faces, np.int32)
                pieces.append((rays, faces, number, materials.index(part.material)))
    if pieces:
        x0, y0, x1, y1 = (int(v) for v in window)
        heads = np.full(((y1 - y0) * sub_rays, (x1 - x0) * sub_rays), -1, np.int32)
        crossings = (np.empty(4096), np.empty(4096, np.int32), np.empty(4096, np.int32))  # depth, code, next
        used = 0
        corner = fine.origin_mm + x0 * sub_rays * fine.du_mm + y0 * sub_rays * fine.dv_mm - fine.source_mm
        for number, (rays, faces, _, _) in enumerate(pieces):
            pixels = rays @ inverse.T
            pixels[:, 0] -= x0 * sub_rays * pixels[:, 2]
            pixels[:, 1] -= y0 * sub_rays * pixels[:, 2]
            depth, code, after, used = cross_faces(
                rays, pixels, faces, corner, fine.du_mm, fine.dv_mm, number, heads, *crossings, used
            )
            crossings = depth, code, after
        to_index = np.linalg.inv(volume.affine)[list(view.order), :3]
        walk_rays(
            heads, *crossings, np.array([p[2] for p in pieces]), np.array([p[3] for p in pieces]), corner, fine.du_mm,
            fine.dv_mm, sub_rays, x0, y0, volume.quantised.ravel(), view.strides, view.sizes, view.source, to_index,
            BONE_FROM_GCM3 / volume.scale, volume.scale / (BONE_FULL_GCM3 - BONE_FROM_GCM3),
            paths, material_mm, displaced,
        )  # fmt: skip
    gcm2 = {m: path * np.float32(0.1 * m.density_gcm3) for m, path in zip(materials, material_mm, strict=True)}
    displaced *= np.float32(0.1 * volume.scale)  # g/cm³ × mm → g/cm²
    return Shadows(tuple(paths), gcm2, displaced)


def _window(pixels: npt.NDArray[np.float64], width: int, height: int, sub_rays: int) -> npt.NDArray[np.int64] | None:
    """Pixels (x0, y0, x1, y1) that homogeneous sub-pixels (N, 3) of a mesh may cover, None when it covers none."""
    depth = pixels[:, 2]
    if depth.max() <= _FRONT:
        return None
    low, high = np.zeros(2), np.array([width, height], float)
    if depth.min() > _FRONT:
        image = pixels[:, :2] / depth[:, None]
        low = np.maximum(np.floor(image.min(axis=0) / sub_rays), low)
        high = np.minimum(np.floor(image.max(axis=0) / sub_rays) + 1, high)
    if (low >= high).any():
        return None
    return np.concatenate([low, high]).astype(np.int64)


def _encloses_origin(vertices: npt.NDArray[np.float64], faces: npt.NDArray[np.int32]) -> bool:
    """Whether the origin lies inside a closed mesh: by the solid angle under which it sees the faces."""
    if (vertices.min(axis=0) > 0).any() or (vertices.max(axis=0) < 0).any():
        return False
    a, b, c = (vertices[faces[:, corner]] for corner in range(3))
    la, lb, lc = (np.linalg.norm(v, axis=1) for v in (a, b, c))
    triple = np.einsum("ij,ij->i", a, np.cross(b, c))
    flat = la * lb * lc + (a * b).sum(1) * lc + (b * c).sum(1) * la + (c * a).sum(1) * lb
    return bool(abs(np.arctan2(triple, flat).sum() * 2) > 2 * np.pi)
