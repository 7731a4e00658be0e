"""Retractors, scalpels and small hand tools."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import numpy.typing as npt

from fluorosam_sim.tools.definition import Tool, Words
from fluorosam_sim.tools.families.cutting import handle
from fluorosam_sim.tools.materials import ALUMINIUM, PVC, STEEL, Material
from fluorosam_sim.tools.shapes import (
    Points,
    Solid,
    box,
    cylinder,
    hull,
    polygon,
    prism,
    rectangle,
    ring,
    stroke,
    torus,
    union,
    without,
)
from fluorosam_sim.tools.sweeps import oval, smooth, strip, sweep, tube

Made = list[tuple[Solid, Material]]
_Path = Sequence[tuple[float, float, float]]


def _path(points: _Path, count: int = 40) -> npt.NDArray[np.float64]:
    return smooth(points, count)


def _bar(points: _Path, width: float, thick: float, scale: npt.ArrayLike = 1.0) -> Solid:
    """A flat bar bent in the yz plane, its width along x."""
    path = _path(points)
    return sweep(path, strip(width, thick), np.asarray(scale, float), (0.0, 1.0, 0.02))


def _hohmann(length: float, width: float, tip: float) -> Made:
    """A bone lever: a blade bent up, then a narrow point that hooks behind the bone; a holed, broader end."""
    scale = np.column_stack([np.interp(np.linspace(0, 1, 40), [0, 0.55, 0.72, 0.85, 1],
        [1, 0.75, 1.1, 1.0, tip / width]),
                             np.interp(np.linspace(0, 1, 40), [0, 0.8, 1], [1, 0.9, 0.5])])  # fmt: skip
    points: _Path = [
        (0, 0, -length / 2),
        (0, 0, 0),
        (0, -5, 0.22 * length),
        (0, -16, 0.36 * length),
        (0, -22, 0.45 * length),
        (0, -14, 0.52 * length),
    ]
    hole = cylinder(0.25 * width, -20, 20).rotate((90, 0, 0)).translate((0, 0, -length / 2 + 0.6 * width))
    return [(_bar(points, width, 3.0, scale) - hole, STEEL)]


def _right_angle(length: float, blade: float, width: float, lip: float = 6.0, back: str = "loop") -> Made:
    """A handle with a blade at a right angle, its lip turned away."""
    bent = _bar([(0, -blade, length / 2 - lip), (0, -blade, length / 2), (0, -0.5 * blade, length / 2 + 1),
        (0, -6, length / 2),
                 (0, 0, length / 2 - 8), (0, 0, 0.2 * length), (0, 0, -0.1 * length)], width, 2.2,
                np.column_stack([np.interp(np.linspace(0, 1, 40), [0, 0.55, 0.75, 1], [1, 1, 0.7, 0.6]),
                np.ones(40)]))  # fmt: skip
    if back == "loop":
        eye = (
            torus(0.5 * width + 5, 2.4)
            .scale((1, 1.6, 1))
            .rotate((90, 0, 0))
            .translate((0, 0, -0.1 * length - 1.5 * (0.5 * width + 5)))
        )
        return [(bent + eye, STEEL)]
    if back == "blade":
        return [
            (
                bent
                + _bar(
                    [
                        (0, 0.7 * blade, -length / 2),
                        (0, 5, -length / 2),
                        (0, 0, -length / 2 + 8),
                        (0, 0, -0.05 * length),
                    ],
                    0.8 * width,
                    2.2,
                ),
                STEEL,
            )
        ]
    return [(bent + handle(0.45 * length, 20, -0.1 * length + 4), STEEL)]


def _deaver(length: float, width: float) -> Made:
    points: _Path = [(0, 0, -length / 2), (0, 12, -0.42 * length), (0, 0, -0.3 * length), (0, 0, 0.1 * length),
        (0, -12, 0.33 * length),
                     (0, -48, 0.44 * length), (0, -88, 0.34 * length)]  # fmt: skip
    return [(_bar(points, width, 1.8), STEEL)]


def _malleable(length: float, width: float) -> Made:
    return [
        (
            _bar([(0, 0, -length / 2), (0, 4, -0.2 * length), (0, -2, 0.2 * length), (0, -14, length / 2)], width, 1.4),
            STEEL,
        )
    ]


def _rake(prongs: int, length: float) -> Made:
    width = 5.5 * (prongs - 1)
    solids = [
        cylinder(2.6, -length / 2, 0.36 * length),
        torus(11, 2.2).rotate((90, 0, 0)).translate((0, 0, -length / 2 - 9)),
    ]
    for x in np.linspace(-width / 2, width / 2, prongs):
        path = _path(
            [
                (0.15 * x, 0, 0.33 * length),
                (x, 0, 0.42 * length),
                (x, -5, 0.49 * length),
                (x, -17, 0.48 * length),
                (x, -22, 0.45 * length),
            ],
            26,
        )
        solids.append(tube(path, np.interp(np.linspace(0, 1, 26), [0, 0.7, 1], [1.7, 1.3, 0.25]), corners=10))
    return [(union(solids), STEEL)]


def _hook(length: float, blunt: bool) -> Made:
    path = _path(
        [(0, 0, 0), (0, 0, 0.3 * length), (0, -1, 0.45 * length), (0, -5, 0.49 * length), (0, -8, 0.46 * length)], 36
    )
    tip = tube(path, np.linspace(2.2, 0.9 if blunt else 0.3, 36), corners=12)
    return [(tip + handle(0.5 * length, 9, 2), STEEL)]


def _self_retaining(length: float, prongs: int, spread_deg: float) -> Made:
    """Weitlaner, Gelpi: crossed branches that spread when the rings close, with hooked prongs turned outwards."""
    half = spread_deg / 2
    arm = sweep(_path([(-11, 0, -0.62 * length), (-9, 0, -0.4 * length), (-2, 0, -0.05 * length),
        (4, 0, 0.2 * length), (4, -5, 0.34 * length)], 30),
                oval(6, 4.5, 12), np.linspace(1.0, 0.8, 30))  # fmt: skip
    solids = [arm, torus(11, 2.1).rotate((90, 0, 0)).translate((-14, 0, -0.62 * length - 7))]
    for n in range(prongs):
        offset = 5.0 * (n - (prongs - 1) / 2)
        path = _path([(4, -4, 0.3 * length), (4 + 0.4 * abs(offset), -7, 0.33 * length + offset),
        (5, -16, 0.34 * length + offset),
                      (12, -20, 0.345 * length + offset)], 18)  # fmt: skip
        solids.append(tube(path, np.linspace(1.8, 0.35, 18), corners=8))
    branch = union(solids)
    pivot = cylinder(5, -4, 4).rotate((90, 0, 0))
    rack = prism(stroke([(-22, 0), (0, 3), (22, 0)], 4), -1.2, 1.2).rotate((90, 0, 0)).translate((0, 3, -0.4 * length))
    return [(union([branch.rotate((0, half, 0)), branch.mirror((1, 0, 0)).rotate((0, -half, 0)), pivot, rack]), STEEL)]


def _rack_spreader(width: float, blade: float, opening: float) -> Made:
    """Finochietto, Balfour: two arms on a toothed bar, a blade at the end of each."""
    bar = box(width, 4, 12, (0, 0, -85)) - union(
        [box(1.4, 9, 2.6, (x, 0, -79.5)) for x in np.arange(-width / 2 + 6, width / 2, 4.0)]
    )
    solids = [
        bar,
        box(30, 9, 20, (opening / 2, 0, -85)),
        cylinder(3, -26, 6).rotate((90, 0, 0)).translate((opening / 2, 0, -85)),
    ]
    for s in (-1, 1):
        x = s * opening / 2
        solids.append(box(9, 6, 100, (x, 0, -40)))
        plate = prism(rectangle(blade, 55, 6) - rectangle(0.5 * blade, 22, 4), -1.4, 1.4).rotate((0, 90, 0))
        solids.append(plate.translate((x, -25, -12)))
    return [(union(solids), STEEL)]


def _tubular(diameter: float, length: float) -> Made:
    arm = prism(stroke([(0, diameter / 2), (0, diameter / 2 + 60)], 10), 0, 3)
    return [
        (
            ring(diameter / 2 + 1.0, diameter / 2, 0, length) + ring(diameter / 2 + 3, diameter / 2, 0, 3) + arm,
            ALUMINIUM,
        )
    ]


_BLADES: dict[int, Points] = {
    10: ((-3.2, 0), (3.2, 0), (3.2, 20), (2.6, 28), (0.6, 33), (-2.2, 35), (-3.2, 34)),
    11: ((-3.0, 0), (3.0, 0), (3.0, 12), (-2.9, 38)),
    12: (
        (-3.0, 0),
        (2.0, 0),
        (2.0, 14),
        (4.8, 22),
        (4.2, 30),
        (0.5, 33.5),
        (3.0, 27),
        (2.4, 22),
        (-1.4, 18),
        (-3.0, 14),
    ),
    15: ((-3.0, 0), (3.0, 0), (2.0, 16), (3.0, 24), (2.2, 31), (-1.0, 34), (-3.0, 33)),
    20: ((-4.0, 0), (4.0, 0), (4.4, 24), (3.4, 34), (0.6, 41), (-2.8, 44), (-4.0, 42)),
    22: ((-4.4, 0), (4.4, 0), (5.2, 24), (4.2, 38), (0.8, 47), (-3.2, 50), (-4.4, 48)),
    23: ((-4.4, 0), (4.4, 0), (5.4, 18), (4.8, 32), (-3.0, 49), (-4.4, 46)),
}


def _blade_solid(number: int) -> Solid:
    slot = rectangle(1.6, 12, 0.7).translate((0, 8))
    return prism(without(polygon(_BLADES[number]), [slot]), -0.2, 0.2).rotate((90, 0, 0))


def _scalpel(number: int, grip: int) -> Made:
    width = {3: 9.0, 4: 11.0, 7: 7.0}[grip]
    flat = prism(stroke([(0, -125), (0, -20), (0, -2)], width), -1.9, 1.9).rotate((90, 0, 0))
    grooves = union([box(2 * width, 0.8, 1.2, (0, s * 1.9, z)) for s in (-1, 1) for z in range(-100, -20, 5)])
    neck = hull(box(0.8 * width, 3.4, 1, (0, 0, -2)), box(4.0, 1.8, 1, (0, 0, 6)))
    return [(union([flat - grooves, neck, _blade_solid(number)]), STEEL)]


def _blade(number: int) -> Made:
    return [(_blade_solid(number), STEEL)]


def _safety_scalpel() -> Made:
    body = hull(box(12, 7, 1, (0, 0, -3)), box(9, 6, 1, (0, 0, -120))) - box(7.0, 1.2, 60, (0, 0, -10))
    return [(body, PVC), (_blade_solid(10) + box(5.8, 1.0, 14, (0, 0, -5)), STEEL)]


def _cautery() -> Made:
    body = union([cylinder(5.5, -130, -8, 6.5), cylinder(6.5, -8.01, 6, 3.0)]) - cylinder(1.2, -100, 10)
    blade = cylinder(1.15, -60, 14) + box(2.6, 0.6, 18, (0, 0, 22))
    cord = tube(_path([(0, 0, -130), (4, 0, -160), (22, 0, -175), (40, 10, -160)], 30), 2.2, 0.9)
    return [(body, PVC), (blade, STEEL), (cord, PVC)]


def _tool(
    key: str,
    family: str,
    noun: str,
    aliases: tuple[str, ...],
    sizes: tuple[str, ...],
    length: float,
    maker: partial[Made],
) -> Tool:
    name = " ".join((noun, *sizes)).strip()
    return Tool(key, name, family, "instrument", length, Words(noun, noun + "s", aliases, sizes), maker)


TOOLS: tuple[Tool, ...] = (
    *(_tool(f"hohmann_retractor_{w}", "retractors", "Hohmann retractor", ("Hohmann", "bone lever", "Homan retractor"),
          (f"{w} mm",), n,
            partial(_hohmann, n, w, tip)) for n, w, tip in ((160, 8, 3), (220, 18, 7), (240, 30, 10))),
    _tool("langenbeck_retractor_40", "retractors", "Langenbeck retractor", ("Langenbeck", "hand retractor",
        "right-angle retractor"), ("40 mm",), 215,
          partial(_right_angle, 200, 40, 12, back="grip")),
    _tool("army_navy_retractor", "retractors", "Army-Navy retractor", ("army navy", "US Army retractor",
        "double-ended retractor"), (), 215,
          partial(_right_angle, 215, 32, 15, back="blade")),
    _tool("richardson_retractor_60", "retractors", "Richardson retractor", ("Richardson", "abdominal wall retractor"),
        ("60 mm",), 245,
          partial(_right_angle, 230, 60, 32, back="grip")),
    _tool("roux_retractor", "retractors", "Roux retractor", ("Roux", "loop-handled retractor"), (), 190,
        partial(_right_angle, 200, 28, 22)),
    _tool("deaver_retractor_38", "retractors", "Deaver retractor", ("Deaver", "curved blade retractor",
        "question mark retractor"), ("38 mm",), 280,
          partial(_deaver, 300, 38)),
    _tool("malleable_retractor_30", "retractors", "malleable retractor", ("ribbon retractor", "malleable",
        "bendable retractor"), ("30 mm",), 280,
          partial(_malleable, 280, 30)),
    *(_tool(f"rake_retractor_{n}", "retractors", "rake retractor", ("Volkmann retractor", "rake", "sharp rake"),
          (f"{n} prongs",), length,
            partial(_rake, n, length)) for n, length in ((2, 165), (4, 215))),
    _tool("skin_hook", "retractors", "skin hook", ("single hook", "fine hook", "Joseph hook"), (), 155,
        partial(_hook, 155, False)),
    _tool("nerve_hook", "retractors", "blunt nerve hook", ("nerve hook", "dissecting hook", "nerve root hook"), (),
        210, partial(_hook, 210, True)),
    _tool("weitlaner_retractor", "retractors", "Weitlaner retractor", ("Weitlaner", "self-retaining retractor",
        "self retainer"), (), 195,
          partial(_self_retaining, 165, 3, 26)),
    _tool("gelpi_retractor", "retractors", "Gelpi retractor", ("Gelpi", "two-point self-retainer",
        "self-retaining retractor"), (), 182,
          partial(_self_retaining, 180, 1, 30)),
    _tool("rib_spreader", "retractors", "rib spreader", ("Finochietto", "thoracotomy retractor", "chest retractor"),
        (), 200,
          partial(_rack_spreader, 200, 60, 110)),
    *(_tool(f"tubular_retractor_{d}", "retractors", "tubular retractor", ("spine tube", "minimally invasive port",
          "working tube"), (f"{d} mm",), n,
            partial(_tubular, d, n)) for d, n in ((18, 83), (22, 85))),
    *(_tool(f"scalpel_{number}", "scalpels", f"scalpel with a number {number} blade",
          (f"{number} blade", "knife", "scalpel", f"number {number} knife"), (),
            125 + reach + 5, partial(_scalpel, number, grip)) for number, grip,
            reach in ((10, 3, 35), (11, 3, 38), (12, 7, 33), (15, 3, 34), (22, 4, 50))),
    _tool("scalpel_blade_11", "scalpels", "loose number 11 scalpel blade", ("blade", "lost blade",
        "bare knife blade"), (), 38, partial(_blade, 11)),
    _tool("scalpel_blade_23", "scalpels", "loose number 23 scalpel blade", ("blade", "lost blade",
        "bare knife blade"), (), 49, partial(_blade, 23)),
    _tool("safety_scalpel", "scalpels", "disposable scalpel", ("plastic scalpel", "safety scalpel",
        "single-use knife"), (), 155, partial(_safety_scalpel)),
    _tool("cautery_pencil", "scalpels", "electrocautery pencil", ("bovie", "diathermy pencil", "cautery"), (), 207,
        partial(_cautery)),
)  # fmt: skip
