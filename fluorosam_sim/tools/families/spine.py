"""Pedicle screws, spinal rods, cages and what else holds vertebrae."""

from __future__ import annotations

from functools import partial

import numpy as np

from fluorosam_sim.tools.definition import Site, Tool, Words
from fluorosam_sim.tools.materials import COBALT, PEEK, POLYETHYLENE, TANTALUM, TITANIUM, Material
from fluorosam_sim.tools.shapes import (
    Solid,
    box,
    cut,
    cylinder,
    disc,
    ellipsoid,
    hexagon,
    polygon,
    prism,
    rectangle,
    ring,
    sphere,
    stroke,
    union,
    without,
)
from fluorosam_sim.tools.sweeps import arc, thread, tube

Made = list[tuple[Solid, Material]]

_THORACOLUMBAR = tuple(f"vertebrae_{level}" for level in ("T10", "T11", "T12", "L1", "L2", "L3", "L4", "L5"))
_LUMBAR = tuple(f"vertebrae_L{n}" for n in range(1, 6))
_CERVICAL = tuple(f"vertebrae_C{n}" for n in range(3, 8))


def _tulip(slot: float, tilt_deg: float) -> Solid:
    """The U-shaped head that takes the rod, with its set screw; it sits on a ball at the origin."""
    wall = slot / 2 + 2.7
    height = slot + 9.5
    cup = cylinder(wall, -height, 0.8) + cylinder(wall, 0.8, 2.4, 0.7 * wall)
    groove = prism(stroke([(0, 0), (0, -30)], slot), -20, 20).rotate((0, 90, 0)).rotate((0, 0, 90))
    seat = cut(cup, [groove.translate((0, 0, -slot / 2 - 3.2)), box(40, slot, 40, (0, 0, -height - 13.2))])
    set_screw = thread(slot / 2 + 0.3, slot / 2 + 1.0, 1.1, -height + 0.2, -height + 4.5) - prism(
        hexagon(3.5), -40, -height + 3
    )
    return (seat + set_screw).rotate((tilt_deg, 0, 0))


def _pedicle(diameter: float, length: float, head: str = "poly", cannula: float = 0.0) -> Made:
    r = diameter / 2
    pitch = 2.8 if diameter >= 5 else 2.4
    shank = union([
        thread(0.66 * r, r, pitch, 1.0, length - 1.2 * r, crest=0.07),
        cylinder(0.68 * r, length - 1.5 * r, length, 0.3),
        cylinder(0.8 * r, -0.5, 4.0),
        sphere(max(1.15 * r, 3.4), (0, 0, -2.0)),
    ])  # fmt: skip
    screw = shank + _tulip(5.6 if diameter >= 4.5 else 3.8, 14.0 if head == "poly" else 0.0)
    if cannula:
        holes = [cylinder(cannula / 2, -40, length + 2)]
        holes += [cylinder(0.7, -9, 9).rotate((90, 0, a)).translate((0, 0, length - z)) for a, z in ((0, 9), (90, 13))]
        screw = cut(screw, holes)
    return [(screw, TITANIUM)]


def _rod(diameter: float, length: float, bend_radius: float, material: Material) -> Made:
    """Bent in the yz plane, with the ends forward when the radius is positive (lordosis)."""
    r = diameter / 2
    if bend_radius == 0:
        return [(cylinder(r, -length / 2, length / 2 - r) + sphere(r, (0, 0, length / 2 - r)), material)]
    half = np.rad2deg(length / 2 / abs(bend_radius))
    path = arc(abs(bend_radius), -half, half, 30)[:, [1, 0, 2]] - (0, abs(bend_radius), 0)
    path[:, 1] *= np.sign(bend_radius)
    return [(tube(path, r), material)]


def _box_cage(width: float, depth: float, height: float, window: float, lordosis_deg: float = 4.0) -> Made:
    """A frame of PEEK with toothed faces and tantalum marker pins; z is its height here."""
    outline = rectangle(width, depth, 0.2 * min(width, depth))
    wedge = np.tan(np.deg2rad(lordosis_deg / 2)) * depth / 2
    block = prism(outline, -height / 2 - wedge, height / 2 + wedge)
    tilt = [box(3 * width, 3 * depth, height, (0, 0, s * height)).rotate((s * lordosis_deg / 2, 0, 0)) for s in (1, -1)]
    hole = prism(rectangle(width * window, depth * window, 1.5), -height, height)
    teeth = [
        box(2 * width, 0.7, 1.0, (0, y, s * height / 2)).rotate((s * lordosis_deg / 2, 0, 0))
        for y in np.arange(-0.45 * depth, 0.46 * depth, 2.0) for s in (1, -1)
    ]  # fmt: skip
    x, y, rim = width * (1 + window) / 4, depth * (1 + window) / 4, 0.38 * height
    pins = union([cylinder(0.5, -rim, rim).translate((sx * x, sy * y, 0)) for sx, sy in ((-1, -1), (1, -1), (0, 1))])
    return [(cut(block, [*tilt, hole, *teeth, pins]), PEEK), (pins, TANTALUM)]


def _banana_cage(height: float) -> Made:
    bend = [(float(x), float(y)) for x, _, y in arc(16.0, 40, 140, 16)]
    solid = prism(stroke(bend, 9.5).translate((0, -13)), -height / 2, height / 2)
    slots = [prism(stroke(bend[a:b], 4.0).translate((0, -13)), -20, 20) for a, b in ((2, 6), (9, 14))]
    pins = union([
        cylinder(0.5, -0.4 * height, 0.4 * height).translate((x, y, 0))
        for x, y in ((bend[0][0] + 1.5, bend[0][1] - 14), (bend[-1][0] - 1.5, bend[-1][1] - 14), (0, 3.0))
    ])  # fmt: skip
    return [(cut(solid, [*slots, pins]), PEEK), (pins, TANTALUM)]


def _mesh_cage(diameter: float, height: float) -> Made:
    wall = ring(diameter / 2, diameter / 2 - 1.0, -height / 2, height / 2)
    away: list[Solid] = []
    rows = int((height - 3) // 4.5)
    per_row = int(np.pi * diameter / 6.5)
    diamond = prism(polygon([(-2.2, 0), (0, -1.7), (2.2, 0), (0, 1.7)]), 0, diameter).rotate((90, 0, 0))
    for row in range(rows):
        z = (row - (rows - 1) / 2) * 4.5
        away += [diamond.rotate((0, 0, 360 * (n + row % 2 / 2) / per_row)).translate((0, 0, z)) for n in range(per_row)]
    return [(cut(wall, away), TITANIUM)]


def _expandable_cage(diameter: float, height: float) -> Made:
    r, h = diameter / 2, height / 2
    body = ring(0.62 * r, 0.45 * r, -h + 3, h - 3) + thread(0.7 * r, 0.82 * r, 1.6, -0.45 * h, 0.45 * h)
    plates = [prism(rectangle(2.3 * r, 1.8 * r, 3) - disc(0.4 * r), z, z + 3) for z in (-h, h - 3)]
    spikes = [cylinder(0.9, h - 0.2, h + 1.6, 0.1).translate((x, y, 0)) for x in (-0.9 * r, 0.9 * r) for y in (-6, 6)]
    spikes += [s.mirror((0, 0, 1)) for s in spikes]
    return [(union([body - cylinder(0.45 * r, -h, h), *plates, *spikes]), TITANIUM)]


def _disc_prosthesis(width: float, depth: float, height: float) -> Made:
    plate = rectangle(width, depth, 0.35 * depth)
    t = 0.22 * height
    keel = [box(1.2, 0.7 * depth, 0.35 * height, (0, 0, s * (height / 2 + 0.17 * height))) for s in (1, -1)]
    plates = union([prism(plate, -height / 2, -height / 2 + t), prism(plate, height / 2 - t, height / 2), *keel])
    core = ellipsoid(0.34 * width, 0.34 * depth, 0.42 * height) ^ box(99, 99, height - 2 * t - 0.05)
    return [(plates, COBALT), (core, POLYETHYLENE)]


def _anterior_plate(levels: int) -> Made:
    """A cervical plate, two screw holes at each vertebra, bent to the neck's curve by straight thirds."""
    length = 22.0 * levels + 2
    rows = np.linspace(-length / 2 + 4, length / 2 - 4, levels + 1)
    outline = rectangle(17, length, 3.5)
    bites = [disc(2.2, x, float(y)) for x in (-5, 5) for y in rows]
    for y in (rows[1:] + rows[:-1]) / 2:
        bites.append(rectangle(7, 9, 2).translate((0, y)))
        bites += [rectangle(2.4, 8, 1.1).translate((x, y)) for x in (-9, 9)]
    return [(prism(without(outline, bites), 0, 2.2).rotate((-90, 0, 0)), TITANIUM)]


def _connector(width: float) -> Made:
    bar = box(width, 5, 2.6, (0, 2, 0))
    ends = [prism(disc(4.8) - polygon([(-2.8, -9), (2.8, -9), (2.8, 0), (0, 2.6), (-2.8, 0)]), -4,
        4).translate((x, -1, 0))
            for x in (-width / 2, width / 2)]  # fmt: skip
    nut = prism(hexagon(7), 4, 7).rotate((-90, 0, 0))
    return [(union([bar, *ends, nut]), TITANIUM)]


def _hook() -> Made:
    blade = prism(stroke([(0, 0), (0, 8), (3, 12), (8, 12.5), (12, 10)], 2.6), -4, 4)
    head = _tulip(5.6, 0).rotate((90, 0, 0))
    return [(blade + head, TITANIUM)]


def _interspinous(height: float) -> Made:
    wings = [prism(rectangle(14, 34, 5), x, x + 2.5).rotate((0, 90, 0)).translate((0, 0, 0)) for x in (-8.5, 6)]
    return [(union([*wings, cylinder(height / 2, -7, 7).rotate((0, 90, 0))]), TITANIUM)]


def _screw_tool(diameter: float, length: float, head: str) -> Tool:
    words = {"poly": "polyaxial", "mono": "monoaxial", "fenestrated": "fenestrated", "iliac": "iliac"}[head]
    aliases = (f"{words} pedicle screw", "spine screw", "vertebral screw", "ped screw", f"{diameter:g} pedicle screw")
    site = Site("canal", ("hip",)) if head == "iliac" else Site("pedicle", _THORACOLUMBAR if diameter < 7 else _LUMBAR)
    if head == "iliac":
        aliases = ("iliac bolt", "iliac fixation screw", "pelvic fixation screw", "S2AI screw", "sacropelvic screw")
    noun = "iliac screw" if head == "iliac" else "pedicle screw"
    name = f"{words} {length:g} mm {'' if head == 'iliac' else 'pedicle '}screw {diameter:g} mm"
    maker = partial(
        _pedicle, diameter, length, "mono" if head == "mono" else "poly", 1.8 if head == "fenestrated" else 0
    )
    kind_words = Words(noun, noun + "s", aliases, (f"{length:g} mm", f"{diameter:g} mm"))
    key = f"pedicle_screw_{words}_{diameter:g}x{length:g}"
    return Tool(key, name, "pedicle_screws", "implant", length, kind_words, maker, site)


def _rod_tool(diameter: float, length: float, bend: float, material: Material = TITANIUM, what: str = "") -> Tool:
    shape = what or ("straight" if bend == 0 else "lordotic" if bend > 0 else "kyphotic")
    noun = f"{shape} spinal rod"
    words = Words(noun, noun + "s", ("spinal rod", "spine rod", "fixation rod", "connecting rod", "fusion rod"),
                  (f"{length:g} mm", f"{diameter:g} mm"))  # fmt: skip
    key = f"rod_{shape.replace(' ', '_')}_{diameter:g}x{length:g}"
    name = f"{shape} {length:g} mm spinal rod {diameter:g} mm"
    return Tool(key, name, "rods", "implant", length, words, partial(_rod, diameter, length, bend, material),
                Site("spine", _CERVICAL if diameter < 5 else _THORACOLUMBAR))  # fmt: skip


def _cage_tool(
    key: str, noun: str, size: float, extent: float, maker: partial[Made], levels: tuple[str, ...], *aliases: str
) -> Tool:
    words = Words(noun, noun + "s", (*aliases, "interbody device"), (f"{size:g} mm",))
    site = Site("disc", levels)
    return Tool(f"{key}_{size:g}", f"{noun} {size:g} mm", "cages", "implant", extent, words, maker, site)


def _other(key: str, name: str, noun: str, sizes: tuple[str, ...], length: float, maker: partial[Made], site: Site,
           *aliases: str, family: str = "cages") -> Tool:  # fmt: skip
    return Tool(key, name, family, "implant", length, Words(noun, noun + "s", aliases, sizes), maker, site)


TOOLS: tuple[Tool, ...] = (
    *(_screw_tool(d, n, "poly") for d, n in ((4.5, 30), (4.5, 35), (5.5, 35), (5.5, 40), (6.5, 40), (6.5, 45),
                                             (6.5, 50), (7.5, 50), (8.5, 50))),
    *(_screw_tool(d, n, "mono") for d, n in ((5.5, 40), (6.5, 45), (7.5, 50))),
    _screw_tool(6.5, 45, "fenestrated"),
    _screw_tool(8.5, 80, "iliac"),
    *(_rod_tool(5.5, n, 0) for n in (60, 90, 200)),
    *(_rod_tool(5.5, n, 160) for n in (50, 100)),
    _rod_tool(5.5, 180, -300),
    _rod_tool(5.5, 110, 160, COBALT, "cobalt chromium"),
    _rod_tool(3.5, 60, 150, what="cervical"),
    *(_cage_tool("plif_cage", "PLIF cage", h, 24, partial(_box_cage, 10, 24, h, 0.5), _LUMBAR, "posterior lumbar cage",
                 "interbody cage", "lumbar spacer") for h in (9, 11)),
    *(_cage_tool("tlif_cage", "TLIF cage", h, 31, partial(_banana_cage, h), _LUMBAR, "banana cage",
                 "transforaminal cage", "kidney-shaped cage") for h in (8, 12)),
    *(_cage_tool("alif_cage", "ALIF cage", h, 36, partial(_box_cage, 36, 27, h, 0.55, 8.0), _LUMBAR,
                 "anterior lumbar cage", "anterior interbody cage") for h in (12, 15)),
    _cage_tool("llif_cage", "lateral lumbar cage", 10, 50, partial(_box_cage, 50, 18, 10, 0.6), _LUMBAR, "XLIF cage",
               "LLIF cage", "lateral cage"),
    *(_cage_tool("acdf_cage", "cervical cage", h, 16, partial(_box_cage, 16, 13, h, 0.5, 6.0), _CERVICAL, "ACDF cage",
                 "neck cage", "cervical spacer") for h in (5, 7)),
    *(_other(f"mesh_cage_{d}x{h}", f"titanium mesh cage {d} mm × {h} mm", "titanium mesh cage",
          (f"{d} mm", f"{h} mm"), h,
             partial(_mesh_cage, d, h), Site("organ", _THORACOLUMBAR), "Harms cage", "mesh cylinder", "cage cylinder")
      for d, h in ((13, 24), (22, 50))),
    _other("expandable_cage_20x40", "expandable vertebral body cage 40 mm", "expandable vertebral body cage",
        ("40 mm",),
           40, partial(_expandable_cage, 20, 40), Site("organ", _THORACOLUMBAR), "VBR", "corpectomy cage",
           "vertebral body replacement"),
    _other("cervical_disc_7", "cervical disc prosthesis 7 mm", "cervical disc prosthesis", ("7 mm",), 16,
           partial(_disc_prosthesis, 16, 14, 7), Site("disc", _CERVICAL), "artificial neck disc",
           "cervical disc implant"),
    _other("lumbar_disc_12", "lumbar disc prosthesis 12 mm", "lumbar disc prosthesis", ("12 mm",), 35,
           partial(_disc_prosthesis, 35, 28, 12), Site("disc", _LUMBAR), "artificial disc", "total disc replacement"),
    *(_other(f"acdf_plate_{n}", f"anterior cervical plate, {n} level{'s' * (n > 1)}", "anterior cervical plate",
             (f"{n} level{'s' * (n > 1)}",), 22 * n + 2, partial(_anterior_plate, n), Site("disc", _CERVICAL),
             "ACDF plate", "neck plate", "cervical locking plate", family="plates") for n in (1, 2, 3)),
    _other("cross_connector_40", "transverse rod connector 40 mm", "transverse rod connector", ("40 mm",), 50,
           partial(_connector, 40), Site("spine", _THORACOLUMBAR), "cross link", "crosslink", "rod connector",
           family="rods"),
    _other("laminar_hook", "laminar hook", "laminar hook", (), 28, partial(_hook), Site("spine", _THORACOLUMBAR),
           "spinal hook", "pedicle hook", "scoliosis hook", family="rods"),
    _other("interspinous_spacer_10", "interspinous spacer 10 mm", "interspinous spacer", ("10 mm",), 34,
           partial(_interspinous, 10), Site("spine", _LUMBAR), "interspinous device", "X-stop"),
)  # fmt: skip
