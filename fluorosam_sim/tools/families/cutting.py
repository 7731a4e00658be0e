"""Drills, taps, reamers, drivers, chisels and what guides them."""

from __future__ import annotations

from functools import partial

import numpy as np

from fluorosam_sim.tools.definition import Tool, Words
from fluorosam_sim.tools.materials import ALUMINIUM, PEEK, SILICONE, STEEL, Material
from fluorosam_sim.tools.shapes import (
    Outline,
    Solid,
    aligned,
    box,
    cut,
    cylinder,
    disc,
    hexagon,
    hull,
    loft,
    prism,
    rectangle,
    revolved,
    ring,
    sphere,
    stroke,
    twisted,
    union,
    without,
)
from fluorosam_sim.tools.sweeps import helix, smooth, strip, sweep, thread, tube

Made = list[tuple[Solid, Material]]


def handle(length: float, width: float, back: float = 0.0) -> Solid:
    """A ribbed grip that ends at z = back and reaches to z = back - length."""
    r = width / 2
    profile = [(0.0, -length), (0.7 * r, -length), (r, -0.94 * length), (0.85 * r, -0.6 * length), (r, -0.25 * length),
               (0.6 * r, 0.0), (0.0, 0.0)]  # fmt: skip
    grooves = [ring(2 * r, 0.86 * r, -z * length - 1.2, -z * length + 1.2) for z in (0.25, 0.4, 0.55, 0.7, 0.85)]
    return cut(revolved(profile), grooves).translate((0, 0, back))


def tee(width: float, thick: float, back: float) -> Solid:
    """A cross handle at z = back."""
    bar = cylinder(thick / 2, -width / 2 + thick / 2, width / 2 - thick / 2)
    ends = [sphere(thick / 2, (0, 0, s * (width / 2 - thick / 2))) for s in (-1, 1)]
    return union([bar, *ends]).rotate((90, 0, 0)).translate((0, 0, back))


def quick_coupling(back: float, shaft: float) -> Solid:
    """The flattened, grooved end that a power tool grips."""
    end = cylinder(2.25, back, back + 16) - box(3, 9, 9, (3.1, 0, back + 2)) - ring(4, 1.7, back + 9, back + 11)
    return end + cylinder(2.25, back + 15.9, back + 18, shaft)


def _fluted(diameter: float, flutes: float, tip: float) -> Solid:
    """A spiral drill's working end up to z = tip."""
    r = diameter / 2
    away = [disc(0.62 * r, s * 0.92 * r, 0) for s in (-1, 1)]
    land = without(disc(r), away)
    return twisted(land, tip - flutes, tip - 0.5 * r, 360 * flutes / (5 * diameter)) + cylinder(
        0.6 * r, tip - 0.6 * r, tip, 0.05
    )


def _drill(diameter: float, length: float, flutes: float, cannula: float = 0.0, marks: bool = False) -> Made:
    r = diameter / 2
    shaft = cylinder(r, 17, length - flutes + 0.01)
    if marks:
        shaft = cut(shaft, [ring(2 * r, 0.75 * r, z, z + 1.0) for z in np.arange(60, length - flutes - 10, 20.0)])
    solid = union([quick_coupling(0, r), shaft, _fluted(diameter, flutes, length)])
    return [(solid - cylinder(cannula / 2, -1, length + 1) if cannula else solid, STEEL)]


def _tap(diameter: float, core: float, pitch: float, length: float) -> Made:
    cutting = thread(core / 2, diameter / 2, pitch, length - 60, length)
    flutes = [box(0.35 * diameter, diameter, 26, (0.55 * diameter * np.cos(a), 0.55 * diameter * np.sin(a),
        length - 12))
              for a in (0, 2.09, 4.19)]  # fmt: skip
    shaft = cylinder(core / 2, -8, length - 59)
    return [(cut(cutting, flutes) + shaft, STEEL), (handle(85, 24, -8.01), PEEK)]


def _reamer_head(diameter: float, blades: int, length: float) -> Solid:
    r = diameter / 2
    away = [disc(0.4 * r, 1.0 * r * np.cos(a), 1.0 * r * np.sin(a)) for a in 2 * np.pi * np.arange(blades) / blades]
    body = twisted(without(disc(r), away), 0, length, 40) ^ (
        cylinder(r, 0, 0.6 * length) + cylinder(r, 0.6 * length - 0.01, length, 0.55 * r)
    )
    return body - cylinder(1.8, -1, length + 1)


def _flexible_reamer(diameter: float) -> Made:
    """A front-cutting head on a wound, flexible shaft."""
    shaft = tube(helix(3.2, 2.9, 90, 10), 1.3, corners=6).translate((0, 0, 20))
    couple = union([quick_coupling(-20, 4.4), cylinder(4.4, -3, 22), cylinder(4.3, 278, 290)])
    return [(union([shaft, couple, _reamer_head(diameter, 5, 16).translate((0, 0, 289))]), STEEL)]


def _acetabular_reamer(diameter: float) -> Made:
    """A perforated hemisphere on a shaft; z points out of its dome."""
    r = diameter / 2
    turn = np.deg2rad(np.linspace(0, 82, 12))
    shell = revolved([(r * np.cos(a), r * np.sin(a)) for a in turn]
                     + [((r - 1.2) * np.cos(a), (r - 1.2) * np.sin(a)) for a in turn[::-1]])  # fmt: skip
    away = []
    for ringno, t in enumerate((0.3, 0.62, 0.95, 1.25)):
        count = int(10 * np.cos(t)) + 2
        for a in 2 * np.pi * (np.arange(count) + 0.5 * (ringno % 2)) / count:
            away.append(aligned(cylinder(2.0, r - 4, r + 3), (np.cos(t) * np.cos(a), np.cos(t) * np.sin(a), np.sin(t))))
    bars = union([box(2 * r - 1.4, 4, 4, (0, 0, 2)), box(4, 2 * r - 1.4, 4, (0, 0, 2)), cylinder(5, -8, 4)])
    shaft = union([cylinder(5, -200, -7), quick_coupling(-218, 5)])
    return [(union([cut(shell, away), bars, shaft]), STEEL)]


def _conical_reamer() -> Made:
    head = union([_reamer_head(12.5, 4, 22), cylinder(8.5, -20, 1, 6.2), _fluted(8.0, 60, 80)])
    return [(union([head, cylinder(5, -90, -19), quick_coupling(-107, 5)]) - cylinder(1.4, -120, 90), STEEL)]


def _countersink() -> Made:
    away = [box(2, 12, 30, (4.5, 0, 0)).rotate((0, 0, a)) for a in (0, 90, 180, 270)]
    cone = cut(cylinder(4.2, 0, 9, 1.5), away) + cylinder(1.3, 8, 15)
    return [(union([cone, cylinder(3.2, -60, 0.2)]), STEEL), (handle(80, 22, -60.01), PEEK)]


def _driver(drive: Outline, reach: float, cannula: float, material: Material, cross: bool = False) -> Made:
    shaft = union(
        [prism(drive, reach - 8, reach), cylinder(2.1, reach - 14, reach - 7.9, 1.6), cylinder(3.2, -6, reach - 13.9)]
    )
    grip = handle(115, 30, -6.01) if not cross else tee(110, 22, -17) + cylinder(8, -16, -6.01)
    if cannula:
        bore = cylinder(cannula / 2, -200, reach + 1)
        shaft, grip = shaft - bore, grip - bore
    return [(shaft, STEEL), (grip, material)]


def _star() -> Outline:
    return without(
        disc(1.9), [disc(0.55, 1.9 * np.cos(a), 1.9 * np.sin(a)) for a in np.deg2rad(np.arange(30, 390, 60))]
    )


def _awl(curved: bool) -> Made:
    if curved:
        path = smooth([(0, 0, -60), (0, 0, 20), (8, 0, 60), (38, 0, 88)], 40)
        blade = tube(path, np.concatenate([np.full(26, 4.5), np.linspace(4.5, 0.3, 14)]))
        return [(blade, STEEL), (handle(110, 30, -60.01), PEEK)]
    return [(cylinder(3.0, -5, 90) + cylinder(3.0, 89.9, 115, 0.1), STEEL), (handle(95, 28, -5.01), PEEK)]


def _chisel(width: float, curved: bool) -> Made:
    """An osteotome: a flat blade that widens to its edge, a striking plate behind its grip."""
    bow = 12.0 if curved else 0.0
    path = smooth([(0, 0, 0), (0, 0.15 * bow, 45), (0, 0.5 * bow, 80), (0, bow, 110)], 30)
    scale = np.column_stack(
        [np.linspace(0.7, 1.0, 30), np.concatenate([np.linspace(1, 0.6, 22), np.linspace(0.55, 0.06, 8)])]
    )
    blade = sweep(path, strip(width, 4.0), scale)
    grip = prism(hexagon(14), -105, -6) + cylinder(7, -6.1, 0.5, 3.4) + cylinder(11, -112, -104.9)
    return [(union([blade, grip]), STEEL)]


def _gouge(width: float) -> Made:
    r = width / 2
    channel = (disc(r) - disc(r - 1.6)) - rectangle(3 * r, 2 * r).translate((0, r + 0.25 * r))
    blade = prism(channel, 20, 110) ^ hull(
        box(60, 60, 1, (0, 0, 20)), box(60, 60, 1, (0, 0, 96)), box(60, 1, 1, (0, -r, 112))
    )
    grip = union([prism(hexagon(14), -105, -6), cylinder(7, -6.1, 21, 0.75 * r), cylinder(11, -112, -104.9)])
    return [(blade + grip, STEEL)]


def _curette(cup: float) -> Made:
    spoon = (ellipsoid_cup(cup)).translate((0, 0, 100))
    neck = tube(smooth([(0, 0, 0), (0, 0, 60), (0, 1.5, 85), (0, 0, 100 - 0.6 * cup)], 24), np.linspace(3.2, 1.6, 24))
    return [(union([spoon, neck, handle(110, 13, 1)]), STEEL)]


def ellipsoid_cup(size: float) -> Solid:
    """A spoon of this length, open towards -y."""
    outer = sphere(1).scale((0.42 * size, 0.36 * size, 0.62 * size))
    inner = sphere(1).scale((0.34 * size, 0.30 * size, 0.52 * size)).translate((0, -0.1 * size, 0))
    return (outer - inner) - box(2 * size, size, 2 * size, (0, -0.62 * size, 0))


def _rasp(width: float) -> Made:
    body = loft(
        [(0, rectangle(0.9 * width, 12, 4)), (70, rectangle(0.55 * width, 9, 3)), (110, rectangle(0.3 * width, 6, 2))]
    )
    teeth = [
        box(99, 99, 1.1, (0, 0, z)) - box(width * (1 - z / 160) - 3, 12 - z * 0.05 - 2.4, 3, (0, 0, z))
        for z in range(6, 100, 5)
    ]
    return [(union([cut(body, teeth), cylinder(6, -90, 0.5), box(60, 14, 10, (0, 0, -95))]), STEEL)]


def _elevator(width: float) -> Made:
    """Cobb: a broad, slightly hollow, round-edged blade on a straight handle."""
    blade = prism(disc(width / 2) - rectangle(width, width).translate((0, -width / 2 - 0.1 * width)), -1.1, 1.1)
    neck = hull(cylinder(3.5, -20, -19), box(0.9 * width, 2.2, 1, (0, 0, 30)))
    blade = blade.rotate((90, 0, 0)).translate((0, 0, 30))
    return [(union([blade, neck, cylinder(4, -100, -19), handle(130, 18, -99)]), STEEL)]


def _mallet() -> Made:
    head = cylinder(20, -35, 35).rotate((0, 90, 0)).translate((0, 0, 105))
    return [(head + cylinder(7, -20, 90), STEEL), (handle(130, 30, -20.01), SILICONE)]


def _sleeve(inner: float, outer: float, length: float) -> Made:
    tubes = ring(outer / 2, inner / 2, 0, length)
    teeth = [box(1.2, 99, 2, (0, 0, length)).rotate((0, 0, a)) for a in (0, 60, 120)]
    grip = stroke([(0, 0), (45, 6), (95, -4)], 11)
    bar = prism(without(grip, [disc(outer / 2 - 0.1)]), 4, 9)
    return [(cut(tubes + bar, [*teeth, cylinder(inner / 2, -1, 20)]), STEEL)]


def _double_sleeve(first: float, second: float) -> Made:
    up = ring(first / 2 + 1.4, first / 2, 0, 45).translate((48, 0, 0))
    down = ring(second / 2 + 1.4, second / 2, -40, 5).translate((-48, 0, 0))
    bar = prism(
        without(stroke([(-48, 0), (-16, 5), (16, 5), (48, 0)], 10), [disc(first / 2, 48, 0), disc(second / 2, -48, 0)]),
        0,
        5,
    )
    return [(union([up, down, bar]), STEEL)]


def _depth_gauge() -> Made:
    rod = cylinder(0.9, -70, 88) + box(3.2, 1.2, 1.6, (1.1, 0, 87.2))
    body = (ring(3.5, 1.0, -30, 20) + cylinder(3.4, 19.9, 26, 1.9)) - cylinder(1.0, -99, 99)
    scale = box(9, 2, 60, (0, 0, -60)) - box(3, 9, 40, (0, 0, -58))
    return [(union([body, scale, cylinder(6, -96, -89), rod - cylinder(99, -40, 30)]) + rod, STEEL)]


def _power_drill() -> Made:
    """A battery drill with a chuck: an aluminium shell, a steel motor in it."""
    shell = union([cylinder(19, -120, 20), cylinder(19, 19.9, 34, 12),
                   hull(box(60, 26, 26, (15, 0, -78)), box(48, 28, 34, (95, 0, -92))),
                   box(70, 34, 62, (135, 0, -96))])  # fmt: skip
    hollow = union([cylinder(16.5, -116, 22), hull(box(54, 21, 21, (15, 0, -78)), box(42, 23, 29, (95, 0, -92))),
                    box(65, 29, 57, (135, 0, -96))])  # fmt: skip
    motor = union([cylinder(13, -105, -40), cylinder(9, -40.1, 20)])
    chuck = cylinder(11, 34.01, 58) + cylinder(11, 57.9, 66, 5)
    return [(shell - hollow, ALUMINIUM), (motor, STEEL), (chuck, STEEL)]


def _saw_blade(width: float, length: float) -> Made:
    outline = rectangle(width, length, 1.0).translate((0, -length / 2))
    teeth = [
        Outline([[(x, 0.01), (x + 0.75, -1.6), (x + 1.5, 0.01)]]) for x in np.arange(-width / 2, width / 2 - 1, 1.6)
    ]
    hub = without(disc(9, 0, -length - 4), [disc(3, 0, -length - 4), rectangle(3.5, 12).translate((0, -length - 12))])
    return [(prism(without(outline, [t for t in teeth]) + hub, -0.5, 0.5).rotate((90, 0, 0)), STEEL)]


def _tool(key: str, name: str, family: str, noun: str, aliases: tuple[str, ...], sizes: tuple[str, ...], length: float,
          maker: partial[Made]) -> Tool:  # fmt: skip
    plural = noun if noun.endswith("s") and not noun.endswith("ss") else noun + ("es" if noun.endswith("sh") else "s")
    return Tool(key, name, family, "instrument", length, Words(noun, plural, aliases, sizes), maker)


def _drill_tool(d: float, n: float, flutes: float, cannula: float = 0.0, long: bool = False) -> Tool:
    noun = "cannulated drill bit" if cannula else "calibrated drill bit" if long else "drill bit"
    aliases = ("drill", "twist drill", f"{d:g} drill", "spiral drill")
    return _tool(f"{noun.replace(' ', '_')}_{d:g}x{n:g}", f"{noun} {d:g} mm × {n:g} mm", "drills", noun, aliases,
                 (f"{d:g} mm", f"{n:g} mm"), n, partial(_drill, d, n, flutes, cannula, long))  # fmt: skip


TOOLS: tuple[Tool, ...] = (
    *(_drill_tool(*size) for size in ((1.5, 85, 20), (2.0, 100, 25), (2.5, 110, 30), (3.2, 145, 40),
                                      (3.5, 110, 40), (4.3, 180, 50))),
    *(_drill_tool(d, n, 45, c) for d, n, c in ((2.7, 160, 1.35), (5.0, 200, 2.9))),
    _drill_tool(4.2, 340, 45, 0.0, True),
    *(_tool(f"tap_{d:g}", f"bone tap {d:g} mm", "taps", "bone tap", ("tap", "thread tap", f"{d:g} tap",
          "thread cutter"),
            (f"{d:g} mm",), n + 93, partial(_tap, d, c, p, n))
      for d, c, p, n in ((3.5, 2.4, 1.25, 110), (4.5, 3.0, 1.75, 120), (5.5, 3.9, 2.8, 150), (6.5, 3.0, 2.75, 140))),
    *(_tool(f"medullary_reamer_{d:g}", f"medullary reamer {d:g} mm", "reamers", "medullary reamer",
            ("flexible reamer", "canal reamer", "reamer head on a flexible shaft"), (f"{d:g} mm",), 325,
            partial(_flexible_reamer, d)) for d in (9, 11, 13)),
    *(_tool(f"acetabular_reamer_{d}", f"acetabular reamer {d} mm", "reamers", "acetabular reamer",
            ("cup reamer", "socket reamer", "grater reamer"), (f"{d} mm",), 218 + d / 2, partial(_acetabular_reamer, d))
      for d in (46, 52, 58)),
    _tool("triple_reamer", "triple reamer for hip screws", "reamers", "triple reamer", ("DHS reamer", "step reamer",
          "hip screw reamer"), (), 187, partial(_conical_reamer)),
    _tool("countersink", "countersink", "reamers", "countersink", ("counter sink", "head recess cutter"), (), 155,
          partial(_countersink)),
    _tool("screwdriver_hex_3.5", "hexagonal screwdriver 3.5 mm", "drivers", "hexagonal screwdriver",
          ("hex driver", "screw driver", "large hex screwdriver"), ("3.5 mm",), 241,
          partial(_driver, hexagon(3.5), 120, 0, PEEK)),
    _tool("screwdriver_star_3.8", "star screwdriver 3.8 mm", "drivers", "star screwdriver",
        ("Torx driver", "T25 driver",
          "stardrive"), ("3.8 mm",), 231, partial(_driver, _star(), 110, 0, SILICONE)),
    _tool("screwdriver_cannulated_4", "cannulated screwdriver 4 mm", "drivers", "cannulated screwdriver",
          ("hollow driver", "cannulated driver"), ("4 mm",), 276, partial(_driver, hexagon(4.0), 155, 2.0, PEEK)),
    _tool("t_handle_driver", "T-handle driver 5 mm", "drivers", "T-handle driver",
        ("T-handle", "tee handle", "T wrench"),
          ("5 mm",), 210, partial(_driver, hexagon(5.0), 180, 2.6, SILICONE, True)),
    _tool("straight_awl", "straight awl", "drivers", "straight awl", ("bone awl", "pedicle awl", "hand awl"), (), 215,
          partial(_awl, False)),
    _tool("curved_awl", "curved awl", "drivers", "curved awl", ("nail entry awl", "cannulated awl", "bone awl"), (),
        258,
          partial(_awl, True)),
    *(_tool(f"osteotome_{w}", f"osteotome {w} mm", "chisels", "osteotome", ("bone chisel", "chisel",
          "Lambotte osteotome"),
            (f"{w} mm",), 222, partial(_chisel, w, False)) for w in (10, 20)),
    _tool("curved_osteotome_15", "curved osteotome 15 mm", "chisels", "curved osteotome",
        ("curved chisel", "bent osteotome"),
          ("15 mm",), 222, partial(_chisel, 15, True)),
    _tool("gouge_12", "bone gouge 12 mm", "chisels", "bone gouge", ("gouge", "hollow chisel"), ("12 mm",), 224,
          partial(_gouge, 12)),
    _tool("curette_8", "bone curette 8 mm", "chisels", "bone curette", ("curette", "Volkmann spoon", "bone spoon"),
        ("8 mm",),
          214, partial(_curette, 8)),
    _tool("femoral_rasp", "femoral rasp", "chisels", "femoral rasp", ("broach", "femoral broach", "stem rasp"), (), 210,
          partial(_rasp, 28)),
    _tool("cobb_elevator_20", "Cobb elevator 20 mm", "chisels", "Cobb elevator",
        ("periosteal elevator", "Cobb", "raspatory"),
          ("20 mm",), 270, partial(_elevator, 20)),
    _tool("mallet", "surgical mallet", "chisels", "surgical mallet", ("hammer", "bone hammer", "mallet"), (), 275,
          partial(_mallet)),
    _tool("saw_blade_25", "oscillating saw blade 25 mm", "chisels", "oscillating saw blade",
        ("saw blade", "bone saw blade"),
          ("25 mm",), 103, partial(_saw_blade, 25, 90)),
    _tool("power_drill", "battery power drill", "drills", "battery power drill",
        ("power tool", "drill machine", "driver drill"),
          (), 190, partial(_power_drill)),
    *(_tool(f"drill_sleeve_{inner:g}", f"drill sleeve {inner:g} mm", "drills", "drill sleeve",
          ("drill guide", "tissue protector",
            "protection sleeve"), (f"{inner:g} mm",), 100, partial(_sleeve, inner, outer, n))
      for inner, outer, n in ((4.3, 7, 80),)),
    _tool("double_drill_guide_2.5_3.5", "double drill guide 2.5 mm and 3.5 mm", "drills", "double drill guide",
          ("double drill sleeve", "drill guide", "two-ended drill sleeve"), ("2.5 mm", "3.5 mm"), 106,
          partial(_double_sleeve, 2.5, 3.5)),
    _tool("depth_gauge", "screw depth gauge", "drivers", "screw depth gauge",
        ("depth gauge", "screw measure", "depth hook"), (),
          184, partial(_depth_gauge)),
)  # fmt: skip
