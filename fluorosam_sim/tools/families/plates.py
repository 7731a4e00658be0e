"""Bone plates. Each lies along z with its back, the side to the bone, towards -y."""

from __future__ import annotations

from functools import partial

import numpy as np
import numpy.typing as npt

from fluorosam_sim.tools.definition import Site, Tool, Words
from fluorosam_sim.tools.materials import STEEL, TITANIUM, Material
from fluorosam_sim.tools.shapes import (
    Outline,
    Points,
    Solid,
    box,
    cut,
    cylinder,
    disc,
    hull,
    prism,
    rectangle,
    ring,
    stroke,
    union,
    without,
)
from fluorosam_sim.tools.sweeps import smooth, thread

Made = list[tuple[Solid, Material]]


def _laid(flat: Solid) -> Solid:
    """A plate drawn in the xy plane, head end at +y, laid down: thickness along y, foot end at +z."""
    return flat.rotate((-90, 0, 0))


def _slot(width: float, length: float) -> Outline:
    return stroke([(0, -(length - width) / 2), (0, (length - width) / 2)], width)


def _bent(flat: Solid, radius: float) -> Solid:
    """Rolled about the y axis, as a gutter that embraces a round bone."""

    def roll(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        angle = points[:, 0] / radius
        far = radius + points[:, 2]
        return np.column_stack([far * np.sin(angle), points[:, 1], far * np.cos(angle) - radius])

    return flat.refine_to_length(4.0).warp_batch(roll)


def _straight(holes: int, pitch: float, width: float, thickness: float, hole: float, waist: float = 0.0,
              gutter: float = 0.0, material: Material = TITANIUM) -> Made:  # fmt: skip
    """A compression plate: oval holes in a row, with waists between them in reconstruction plates."""
    length = holes * pitch + 0.35 * pitch
    outline = rectangle(width, length, 0.45 * width)
    rows = (np.arange(holes) - (holes - 1) / 2) * pitch
    away = [_slot(hole, 1.35 * hole).translate((0, float(y))) for y in rows]
    if waist:
        for y in (rows[1:] + rows[:-1]) / 2:
            away += [disc(waist, sign * (width / 2 + 0.45 * waist), float(y)) for sign in (-1, 1)]
    flat = prism(without(outline, away), 0, thickness)
    sinks = [
        cylinder(hole / 2, thickness - 0.4 * hole, thickness + 0.01, 0.78 * hole).translate((0, float(y), 0))
        for y in rows
    ]
    if gutter:
        return [(_laid(_bent(flat, gutter)), material)]
    return [(_laid(cut(flat, sinks)), material)]


def _curved(points: Points, width: float, thickness: float, hole: float, pitch: float, scallop: bool = False) -> Made:
    """A plate along a curve in its own plane, holes evenly along it."""
    path = smooth([(x, y, 0) for x, y in points], 40)[:, :2]
    along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    count = int(along[-1] // pitch) + 1
    spots = np.linspace(0, along[-1], count)
    at = np.column_stack([np.interp(spots, along, path[:, k]) for k in (0, 1)])
    away = [disc(hole / 2, *spot) for spot in at.tolist()]
    if scallop:
        middle = (spots[1:] + spots[:-1]) / 2
        for s in middle:
            p = np.array([np.interp(s, along, path[:, k]) for k in (0, 1)])
            d = np.array([np.interp(s + 1, along, path[:, k]) for k in (0, 1)]) - p
            across = np.array([-d[1], d[0]]) / max(float(np.linalg.norm(d)), 1e-6)
            away += [disc(0.28 * width, *(p + sign * across * 0.6 * width).tolist()) for sign in (-1, 1)]
    flat = prism(without(stroke([(float(x), float(y)) for x, y in path], width), away), 0, thickness)
    return [(_laid(flat), TITANIUM)]


def _headed(holes: int, pitch: float, width: float, thickness: float, hole: float, head: Points,
            head_holes: Points, flare: float = 0.0, lean: float = 0.0) -> Made:  # fmt: skip
    """A periarticular plate: an outlined head above a shaft with holes; the head is bent back by `flare` mm.

    head: corners for x ≥ y-sorted outline of the head, whose neck is at y = 0. lean: sideways shift of the shaft's end.
    """
    length = holes * pitch + 0.4 * pitch
    shaft = stroke([(0, 2), (lean, -length + width / 2)], width)
    top = Outline.hull_points([*head, (-width / 2, -6), (width / 2, -6)])
    top = top.offset(-2.0).offset(2.0, circular_segments=24)
    rows = [-(n + 0.75) * pitch for n in range(holes)]
    away = [_slot(hole, 1.25 * hole).translate((lean * y / -length, y)) for y in rows]
    away += [disc(hole / 2, x, y) for x, y in head_holes]
    flat = prism(without(shaft + top, away), 0, thickness)
    reach = max(y for _, y in head)

    def bend(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        lifted = points.copy()
        lifted[:, 2] += flare * np.clip(points[:, 1] / reach, 0, 1) ** 2
        return lifted

    solid = flat.refine_to_length(6.0).warp_batch(bend) if flare else flat
    return [(_laid(solid), TITANIUM)]


def _hip_screw_plate(holes: int, barrel_deg: float = 135.0) -> Made:
    """Sliding hip screw: side plate, barrel and lag screw, the screw's axis `barrel_deg` from the shaft."""
    length = holes * 16 + 30
    rows = [-(28 + 16 * n) for n in range(holes)]
    outline = without(
        rectangle(18, length, 7).translate((0, -length / 2 + 14)), [_slot(5.2, 8).translate((0, y)) for y in rows]
    )
    plate = _laid(prism(outline, 0, 5.8))
    # From the shaft's direction, +z, it is turned by its angle towards the bone, -y.
    barrel = (ring(6.3, 4.2, -3, 38) + hull(ring(7.5, 4.2, -3, 1), ring(6.3, 4.2, 2, 9))).rotate((barrel_deg, 0, 0))
    bore = cylinder(4.2, -20, 60).rotate((barrel_deg, 0, 0))
    lag = union([cylinder(4.0, 14, 74), thread(4.2, 6.3, 3.0, 72, 94), cylinder(4.2, 93, 98, 1.0)])
    lag = (lag - cylinder(1.3, 0, 120)).rotate((barrel_deg, 0, 0))
    solid = (plate - bore) + barrel
    return [(solid, STEEL), (lag - solid, STEEL)]


def _blade_plate(holes: int) -> Made:
    length = holes * 16 + 34
    rows = [-(30 + 16 * n) for n in range(holes)]
    outline = without(
        rectangle(16, length, 6).translate((0, -length / 2 + 16)), [_slot(4.8, 9).translate((0, y)) for y in rows]
    )
    blade = hull(box(16, 2, 6, (0, -2, -10)), box(14, 2, 2.2, (0, -60, -10)))
    return [(_laid(prism(outline, 0, 5.6)) + blade, STEEL)]


def _mesh(width: float, length: float, thickness: float, hole: float, pitch: float, radius: float) -> Made:
    """A perforated sheet bent like the skull."""
    away, row = [], 0
    y = -length / 2 + pitch
    while y < length / 2 - pitch / 2:
        shift = 0.5 * pitch * (row % 2)
        away += [
            disc(hole / 2, float(x), y) for x in np.arange(-width / 2 + pitch + shift, width / 2 - pitch / 2, pitch)
        ]
        y, row = y + 0.87 * pitch, row + 1
    flat = prism(without(rectangle(width, length, 6), away), 0, thickness)
    bent = _bent(flat, radius).rotate((0, 0, 90))
    return [(_laid(_bent(bent, radius)), TITANIUM)]


def _burr_hole_cover() -> Made:
    away = [disc(1.0, 8.2 * np.cos(a), 8.2 * np.sin(a)) for a in np.deg2rad(np.arange(0, 360, 72))]
    away += [disc(1.6, 4 * np.cos(a), 4 * np.sin(a)) for a in np.deg2rad(np.arange(36, 360, 72))]
    return [(_laid(_bent(prism(without(disc(10), away), 0, 0.5), 70)), TITANIUM)]


def _plate(key: str, noun: str, aliases: tuple[str, ...], sizes: tuple[str, ...], length: float, maker: partial[Made],
           bones: tuple[str, ...], end: float = 0.5, spread: float = 0.15) -> Tool:  # fmt: skip
    name = f"{noun} {', '.join(sizes)}" if sizes else noun
    words = Words(noun, noun + "s", (*aliases, "bone plate"), sizes)
    return Tool(key, name, "plates", "implant", length, words, maker, Site("surface", bones, end, spread))


def _compression(size: float, holes: int) -> Tool:
    pitch, width, thick, hole, bones = {
        2.0: (6.5, 5.0, 1.3, 2.3, ("metacarpal", "metatarsal")),
        2.7: (8.0, 8.0, 2.6, 3.0, ("fibula", "metatarsal", "ulna")),
        3.5: (13.0, 11.0, 3.3, 4.3, ("radius", "ulna", "humerus", "fibula")),
        4.5: (18.0, 13.5, 4.6, 5.6, ("femur", "tibia", "humerus")),
    }[size]
    maker = partial(_straight, holes, pitch, width, thick, hole)
    noun = "mini plate" if size == 2.0 else "compression plate"
    aliases = ("LC-DCP", "DCP", "straight plate", "dynamic compression plate", f"{size:g} plate")
    return _plate(f"compression_plate_{size:g}_{holes}", noun, aliases, (f"{holes} holes", f"{size:g} mm"),
                  (holes + 0.35) * pitch, maker, bones)  # fmt: skip


_RADIUS_HEAD = ((-12, 4), (-11, 22), (0, 26), (12, 23), (12, 4))
_RADIUS_HOLES = ((-8, 17), (-3, 20), (3, 20), (8, 18), (-5, 11), (1, 12), (7, 11))
_WIDE_HEAD = ((-9, 8), (-9, 30), (-3, 38), (6, 38), (10, 28), (10, 8))
_WIDE_HOLES = ((-4, 12), (5, 12), (0, 20), (-5, 27), (6, 27), (0, 33))
_T_HEAD = ((-15, 6), (-15, 14), (15, 14), (15, 6))
_T_HOLES = ((-11, 10), (0, 10), (11, 10))
_L_HEAD = ((-5, 4), (-5, 14), (22, 14), (22, 5))
_L_HOLES = ((0, 9), (9, 9.5), (18, 9.5))


def _named(key: str, noun: str, aliases: tuple[str, ...], holes: int, length: float, maker: partial[Made],
           bones: tuple[str, ...], end: float) -> Tool:  # fmt: skip
    return _plate(f"{key}_{holes}", noun, aliases, (f"{holes} holes",), length, maker, bones, end, 0.04)


TOOLS: tuple[Tool, ...] = (
    *(_compression(2.0, n) for n in (4, 6)),
    _compression(2.7, 6),
    *(_compression(3.5, n) for n in (4, 6, 8)),
    *(_compression(4.5, n) for n in (6, 8, 12)),
    *(_plate(f"one_third_tubular_plate_{n}", "one-third tubular plate", ("tubular plate", "1/3 tubular", "semitubular"),
             (f"{n} holes",), 12 * n + 4, partial(_straight, n, 12.0, 9.0, 1.0, 4.2, 0.0, 6.0), ("fibula", "ulna"),
             0.75)
      for n in (6,)),
    *(_plate(f"reconstruction_plate_{n}", "reconstruction plate", ("recon plate", "pelvic recon", "notched plate"),
             (f"{n} holes",), 12 * n + 4, partial(_straight, n, 12.0, 10.0, 2.8, 4.0, 2.6),
             ("hip", "clavicula", "humerus"))
      for n in (5, 12)),
    *(_plate(f"curved_reconstruction_plate_{n}", "curved reconstruction plate",
          ("curved recon plate", "acetabular plate",
             "posterior wall plate"), (f"{n} holes",), 11.5 * n,
             partial(_curved, [(-3 - n, -5.5 * n), (n, 0), (-3 - n, 5.5 * n)], 10, 2.8, 3.8, 12.0, True), ("hip",))
      for n in (6, 8)),
    *(_named("t_plate", "T-plate", ("T plate", "small fragment T", "buttress plate"), n, 12 * n + 16,
             partial(_headed, n, 12, 10, 2.2, 3.8, _T_HEAD, _T_HOLES, 3.0), ("radius", "tibia"), 0.95) for n in (3,)),
    _named("l_plate", "L-plate", ("L plate", "lateral buttress plate", "hockey-stick plate"), 4, 64,
           partial(_headed, 4, 12, 10, 2.2, 3.8, _L_HEAD, _L_HOLES, 3.0), ("tibia", "metacarpal"), 0.05),
    *(_named("distal_radius_plate", "distal radius plate", ("volar plate", "volar locking plate", "wrist plate"), n,
             26 + 9.5 * n, partial(_headed, n, 9, 8, 2.0, 2.8, _RADIUS_HEAD, _RADIUS_HOLES, 4.0), ("radius",), 0.93)
      for n in (3, 5)),
    *(_named("clavicle_plate", "clavicle plate", ("collarbone plate", "S-shaped clavicle plate",
          "superior clavicle plate"),
             n, 13 * n, partial(_curved, [(0, -6.5 * n), (-6, -3 * n), (0, 0), (6, 3 * n), (2, 6.5 * n)], 10, 3, 3.8,
             13.0, True),
             ("clavicula",), 0.5) for n in (7,)),
    *(_named("proximal_humerus_plate", "proximal humerus plate", ("PHILOS plate", "humeral head plate",
          "shoulder plate"),
             n, 40 + 17 * n, partial(_headed, n, 16, 12, 3.2, 4.0, _WIDE_HEAD, _WIDE_HOLES, 3.0), ("humerus",), 0.08)
      for n in (3, 5)),
    *(_named("distal_femur_plate", "distal femur plate", ("condylar plate", "LISS plate", "lateral femoral plate"), n,
             44 + 18.5 * n, partial(_headed, n, 18, 16, 5.0, 5.6, [(-18, 10), (-20, 30), (-8, 44), (10, 42), (16, 20)],
                                    [(-12, 17), (-13, 28), (-3, 20), (-4, 36), (8, 34), (8, 22)], 9.0, 6.0),
                                    ("femur",), 0.95)
      for n in (5, 9)),
    *(_named("proximal_tibia_plate", "proximal tibia plate", ("tibial plateau plate", "tibia head plate",
          "LPT plate"), n,
             32 + 16.5 * n, partial(_headed, n, 16, 13, 3.6, 4.4, [(-10, 8), (-22, 24), (-20, 32), (18, 32), (20, 25),
             (9, 8)],
                                    [(-16, 27), (-6, 27), (4, 27), (14, 27), (0, 14)], 8.0), ("tibia",),
                                    0.05) for n in (4, 7)),
    _named("distal_tibia_plate", "distal tibia plate", ("medial tibia plate", "pilon plate", "metaphyseal plate"), 7,
        124,
           partial(_headed, 7, 13.5, 11, 3.0, 4.0, [(-7, 6), (-11, 22), (0, 28), (10, 22), (8, 6)],
                   [(-6, 19), (0, 23), (5, 17), (-3, 12), (3, 9)], 4.0), ("tibia",), 0.93),
    _named("distal_fibula_plate", "distal fibula plate", ("lateral malleolus plate", "ankle plate",
        "anatomic fibula plate"),
           5, 84, partial(_headed, 5, 12, 9, 1.8, 3.4, [(-6, 6), (-8, 18), (0, 24), (8, 18), (6, 6)],
                          [(-4, 17), (4, 17), (0, 21), (0, 11)], 2.0), ("fibula",), 0.94),
    _named("olecranon_plate", "olecranon plate", ("elbow plate", "proximal ulna plate", "hook plate"), 4, 80,
           partial(_headed, 4, 14, 10, 2.8, 3.8, [(-7, 6), (-8, 18), (0, 24), (8, 18), (7, 6)],
                   [(-4, 18), (4, 18), (0, 12)], -9.0), ("ulna",), 0.05),
    _plate("calcaneal_plate", "calcaneal plate", ("heel plate", "calcaneus plate", "heel bone plate"), (), 66,
           partial(_mesh, 34, 66, 1.6, 6.4, 9.2, 120.0), ("tarsal",)),
    *(_named("dynamic_hip_screw", "dynamic hip screw", ("DHS", "sliding hip screw", "compression hip screw",
          "hip screw plate"),
             n, 74 + 5 * n, partial(_hip_screw_plate, n), ("femur",), 0.14) for n in (2, 4)),
    _named("condylar_screw_plate", "dynamic condylar screw", ("DCS", "95 degree screw plate", "condylar screw"), 6, 126,
           partial(_hip_screw_plate, 6, 95.0), ("femur",), 0.9),
    _named("blade_plate", "angled blade plate", ("blade plate", "95 degree blade", "condylar blade plate"), 5, 114,
           partial(_blade_plate, 5), ("femur",), 0.9),
    _named("symphysis_plate", "symphysis plate", ("pubic plate", "pelvic plate", "symphyseal plate"), 6, 72,
           partial(_curved, [(-6, -34), (1, -12), (1, 12), (-6, 34)], 10.5, 3.4, 4.4, 14.0), ("hip",), 0.9),
    _plate("cranial_mesh", "cranial mesh", ("skull mesh", "titanium mesh", "cranioplasty"), (), 90,
           partial(_mesh, 80, 90, 0.6, 4.4, 6.6, 75.0), ("skull",), 0.1),
    _plate("burr_hole_cover", "burr hole cover", ("skull cover", "craniotomy cover", "snowflake plate"), (), 20,
           partial(_burr_hole_cover), ("skull",), 0.1),
)  # fmt: skip
