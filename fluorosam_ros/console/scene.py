"""The 3D scene: C-arm, beam, collimated field, table and patient, where they really are."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from fluorosam_ros.console.shown import Geometry
from fluorosam_ros.console.solids import WORLD_ON_SCREEN, beam_axes, field_corners
from fluorosam_ros.control.collision import Room

_BEAM, _BEAM_OFF, _FIELD = "#ffd23f", "#7d7440", "#ff9f1c"
_SKIN, _TABLE = "#b98d75", "#2f4357"
# Parts of a person lying on the back: centre and half axes as shares of width, depth and length.
_BODY = (
    ((0.0, 0.0, 0.43), (0.17, 0.42, 0.07)),
    ((0.0, 0.0, 0.21), (0.36, 0.48, 0.17)),
    ((0.0, 0.0, 0.04), (0.32, 0.42, 0.09)),
    ((-0.44, 0.1, 0.13), (0.09, 0.26, 0.22)),
    ((0.44, 0.1, 0.13), (0.09, 0.26, 0.22)),
    ((-0.17, 0.1, -0.25), (0.15, 0.34, 0.26)),
    ((0.17, 0.1, -0.25), (0.15, 0.34, 0.26)),
)


class CArmScene:
    """Made inside a page; `update` moves what has moved."""

    def __init__(self, width_px: int, height_px: int) -> None:
        self._drawn: Geometry | None = None
        camera = ui.scene.perspective_camera(fov=34)
        self.scene = ui.scene(
            width=width_px, height=height_px, grid=False, camera=camera, background_color="#0d131a", fps=15
        )
        self._body: tuple[Any, ...] = ()
        self._beam: Any = None
        self._carm: Any = None
        with self.scene:
            self._world = ui.scene.group().rotate_R(WORLD_ON_SCREEN.tolist())
            with self._world:
                self._still_life()
        self.scene.move_camera(1.9, -2.1, 1.05, 0.0, 0.0, -0.07, duration=0)

    def update(self, geometry: Geometry | None) -> None:
        """Shows this C-arm."""
        before = self._drawn
        if geometry is None or geometry == before:
            return
        self._drawn = geometry
        with self.scene, self._world:
            if before is None or geometry.body != before.body:
                self._build(geometry)
            elif (geometry.field, geometry.beam_on) != (before.field, before.beam_on):
                with self._carm:
                    self._draw_beam(geometry)
        x, y, z = (v / 1000.0 for v in geometry.pose.isocenter_mm)
        self._carm.move(x, y, z).rotate_R(beam_axes(geometry.pose).tolist())

    def _still_life(self) -> None:
        """Table and patient as the interlock believes them to be."""
        room = Room()
        width, depth, length = (
            v / 1000.0 for v in (room.patient_width_mm, room.patient_depth_mm, room.patient_length_mm)
        )
        for (x, y, z), (a, b, c) in _BODY:
            part = ui.scene.sphere(1.0, 20, 12).material(_SKIN).move(x * width, y * depth, z * length)
            part.scale(a * width, b * depth, c * length)
        thickness = room.table_thickness_mm / 1000.0
        table = ui.scene.box(room.table_width_mm / 1000.0, thickness, room.table_length_mm / 1000.0)
        table.material(_TABLE).move(0.0, depth / 2 + thickness / 2, 0.0)

    def _build(self, geometry: Geometry) -> None:
        if self._carm is not None:
            self._carm.delete()
        self._beam = None
        self._carm = ui.scene.group()
        with self._carm:
            for solid in geometry.body:
                if solid.kind == "box":
                    width, height, depth = solid.size_m
                    body: Any = ui.scene.box(width, height, depth)
                else:
                    radius, length = solid.size_m
                    body = ui.scene.cylinder(radius, radius, length, 24)
                body.material(solid.colour).move(*solid.position_m).rotate_R(solid.rotation.tolist())
            self._draw_beam(geometry)

    def _draw_beam(self, geometry: Geometry) -> None:
        if self._beam is not None:
            self._beam.delete()
        source = [0.0, 0.0, -geometry.sod_mm / 1000.0]
        corners = [list(c) for c in field_corners(geometry.field, geometry.sdd_mm, geometry.sod_mm)]
        colour = _BEAM if geometry.beam_on else _BEAM_OFF
        self._beam = ui.scene.group()
        with self._beam:
            for corner, following in zip(corners, [*corners[1:], corners[0]], strict=True):
                ui.scene.line(source, corner).material(colour)
                ui.scene.line(corner, following).material(_FIELD)
