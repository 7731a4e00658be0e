"""Kirschner wires, pins, guide wires and cerclage."""

from __future__ import annotations

from functools import partial

import numpy as np

from fluorosam_sim.tools.definition import Site, Tool, Words
from fluorosam_sim.tools.materials import NITINOL, PLATINUM, STEEL, TITANIUM, Material
from fluorosam_sim.tools.shapes import Solid, box, cylinder, sphere, union
from fluorosam_sim.tools.sweeps import arc, loop, smooth, thread, tube

Made = list[tuple[Solid, Material]]

_BONES = ("femur", "tibia", "humerus", "radius", "ulna", "metacarpal", "metatarsal", "patella")
_ACROSS = Site("across", _BONES, spread=0.45)
_LONG_BONES = Site("canal", ("femur", "tibia", "humerus"))
_ARTERY = Site("lumen", ("aorta", "iliac_artery", "common_carotid_artery", "subclavian_artery"))


def _trocar_wire(diameter: float, length: float, both_ends: bool = False, olive: bool = False) -> Made:
    """A wire with a trocar tip of about two diameters; 60 % of it stands out of the bone."""
    r, back, tip = diameter / 2, -0.6 * length, 0.4 * length
    rear = cylinder(0.05, back, back + 2 * diameter, r) if both_ends else cylinder(0.7 * r, back, back + r, r)
    first = back + (2 * diameter if both_ends else r)
    solids = [rear, cylinder(r, first, tip - 2 * diameter), cylinder(r, tip - 2 * diameter, tip, 0.05)]
    if olive:
        solids.append(sphere(2.0, (0, 0, 0)))
    return [(union(solids), STEEL)]


def _threaded_pin(diameter: float, length: float, threaded: float, pitch: float, material: Material = STEEL) -> Made:
    r, back, tip = diameter / 2, -(length - threaded), threaded
    solids = [
        cylinder(r * 0.96, back, 0.5),
        thread(0.76 * r, r, pitch, 0, tip - diameter),
        cylinder(0.78 * r, tip - diameter - 0.2, tip, 0.05),
        box(1.2 * r, 1.5 * diameter, 3 * diameter, (0.9 * r, 0, back + 1.5 * diameter)),  # flat for the chuck
    ]
    return [(union(solids[:3]) - solids[3], material)]


def _ball_tipped(diameter: float, length: float) -> Made:
    """Bent a little before the ball, as it is used to pass a fracture."""
    path = smooth([(0, 0, 0), (0, 0, 0.5 * length), (0, 0, length - 50), (0, 0, length - 30), (6, 0, length)], 60)
    solid = tube(path, diameter / 2, corners=12) + sphere(diameter / 2 + 0.5, (6, 0, length))
    return [(solid.translate((0, 0, 310 - length)), STEEL)]  # two thirds of it stand out of the bone


def _vascular_wire(diameter: float, tip: str, coil_mm: float) -> Made:
    """The working end of an angiographic wire, 320 mm of it; the last part is a spring of a denser metal."""
    r = diameter / 2
    body = [(0, 0, -160), (3, 1, -80), (-2, -1, 0), (2, 0, 60), (0, 0, 130)]
    if tip == "J":
        hook = np.add(arc(3.0, 180, 400, 14), (3.0, 0, 154))
        path = np.concatenate([smooth([*body, (0, 0, 150)], 60), hook])
    else:
        end = (6, 1, 160) if tip == "angled" else (0.5, 0.5, 160)
        path = smooth([*body, end], 70)
    along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    split = int(np.searchsorted(along, along[-1] - coil_mm))
    return [
        (tube(path[: split + 1], r, corners=10), NITINOL if tip == "angled" else STEEL),
        (tube(path[split:], r, corners=10), PLATINUM if coil_mm <= 40 else STEEL),
    ]


def _cerclage(diameter: float, ring: float, twisted: bool, crimp: bool) -> Made:
    angle = 2 * np.pi * np.arange(64) / 64
    wavy = 1 + 0.02 * np.sin(3 * angle)
    path = np.column_stack([ring / 2 * wavy * np.cos(angle), ring / 2 * wavy * np.sin(angle), np.sin(angle)])
    solids = [loop(path, diameter / 2, 12)]
    if twisted:
        turn = np.linspace(0, 5 * 2 * np.pi, 60)
        out = ring / 2 + np.linspace(0, 9, 60)
        for phase in (0, np.pi):
            y, z = 0.55 * diameter * np.cos(turn + phase), 0.55 * diameter * np.sin(turn + phase)
            solids.append(tube(np.column_stack([out, y, z]), diameter / 2, corners=10))
    if crimp:
        solids.append(box(5, 9, 6, (ring / 2, 0, 0)))
    return [(union(solids), STEEL if twisted else TITANIUM)]


def _kirschner(diameter: float, length: float) -> Tool:
    return Tool(
        f"kwire_{diameter:g}x{length:g}", f"Kirschner wire {diameter:g} mm × {length:g} mm", "k_wires", "implant",
        length,
        Words("Kirschner wire", "Kirschner wires", ("K-wire", "k wire", "Kirschner pin", "smooth pin", "KW"),
              (f"{diameter:g} mm", f"{length:g} mm")),
        partial(_trocar_wire, diameter, length), _ACROSS,
    )  # fmt: skip


def _pin(key: str, noun: str, aliases: tuple[str, ...], sizes: tuple[float, float], maker: partial[Made]) -> Tool:
    words = Words(noun, noun + "s", aliases, tuple(f"{size:g} mm" for size in sizes))
    name = f"{noun} {sizes[0]:g} mm × {sizes[1]:g} mm"
    site = Site("across", ("femur", "tibia", "humerus", "hip"), spread=0.35)
    return Tool(key, name, "k_wires", "implant", sizes[1], words, maker, site)


def _guide(diameter: float, length: float, threaded: float) -> Tool:
    return Tool(
        f"guide_wire_{diameter:g}x{length:g}", f"threaded guide wire {diameter:g} mm × {length:g} mm", "guide_wires",
        "instrument", length,
        Words("threaded guide wire", "threaded guide wires", ("guide pin", "guidewire", "screw guide wire", "GW"),
              (f"{diameter:g} mm", f"{length:g} mm")),
        partial(_threaded_pin, diameter, length, threaded, 0.35 * diameter), _ACROSS,
    )  # fmt: skip


def _angiographic(key: str, name: str, inches: float, tip: str, coil_mm: float, aliases: tuple[str, ...]) -> Tool:
    words = Words(name, name + "s", aliases, (f"{inches:g} inch", f"{inches * 25.4:.2g} mm"))
    maker = partial(_vascular_wire, inches * 25.4, tip, coil_mm)
    return Tool(key, f"{name} {inches:g} inch", "guide_wires", "instrument", 320, words, maker, _ARTERY)


def _wire_loop(key: str, noun: str, aliases: tuple[str, ...], size: float, maker: partial[Made]) -> Tool:
    words = Words(noun, noun + "s", aliases, (f"{size:g} mm",))
    site = Site("canal", ("femur", "humerus"), end=0.4, spread=0.2)
    return Tool(key, f"{noun} {size:g} mm", "k_wires", "implant", 36, words, maker, site)


TOOLS: tuple[Tool, ...] = (
    *(_kirschner(d, length) for d, lengths in ((0.8, (70,)), (1.0, (150,)), (1.2, (150, 280)), (1.4, (150,)),
          (1.6, (150, 280)), (2.0, (150, 280)),
                                            (2.5, (150, 280))) for length in lengths),
    _pin("olive_wire_1.8x400", "olive wire", ("stopper wire", "fixator wire with an olive"), (1.8, 400),
         partial(_trocar_wire, 1.8, 400, olive=True)),
    *(_pin(f"steinmann_pin_{d:g}x{n}", "Steinmann pin", ("traction pin", "Steinman nail"), (d, n),
           partial(_trocar_wire, d, n, both_ends=True)) for d, n in ((3.0, 200), (4.0, 225), (5.0, 250))),
    *(_pin(f"schanz_screw_{d:g}x{n}", "Schanz screw", ("half pin", "Schanz pin", "ex-fix pin"), (d, n),
           partial(_threaded_pin, d, n, t, 1.75)) for d, n, t in ((4.0, 125, 40), (5.0, 175, 50), (6.0, 190, 60))),
    _wire_loop("cerclage_wire_1", "twisted cerclage wire", ("cerclage", "wire loop", "twisted wire"), 1.0,
               partial(_cerclage, 1.0, 32, True, False)),
    _wire_loop("cerclage_cable_1.7", "cerclage cable", ("cable", "cable with a crimp", "Dall-Miles cable"), 1.7,
               partial(_cerclage, 1.7, 36, False, True)),
    *(_guide(*size) for size in ((1.25, 150, 15), (1.6, 200, 16), (2.0, 230, 20), (2.8, 300, 22), (3.2, 400, 25))),
    *(Tool(f"ball_tipped_rod_{d:g}x950", f"ball-tipped guide rod {d:g} mm × 950 mm", "guide_wires", "instrument", 950,
           Words("ball-tipped guide rod", "ball-tipped guide rods", ("reaming rod", "olive-tipped guide wire",
           "ball wire"),
                 (f"{d:g} mm", "950 mm")), partial(_ball_tipped, d, 950), _LONG_BONES) for d in (2.5, 3.0)),
    _angiographic("j_wire_0.035", "J-tip guide wire", 0.035, "J", 60, ("J wire", "J-tipped wire", "diagnostic wire")),
    _angiographic("glide_wire_0.035", "angled hydrophilic guide wire", 0.035, "angled", 30,
                  ("glide wire", "hydrophilic wire", "terumo wire")),
    _angiographic("stiff_wire_0.038", "stiff guide wire", 0.038, "straight", 70, ("Amplatz wire", "super stiff wire")),
    _angiographic("micro_wire_0.018", "micro guide wire", 0.018, "angled", 20, ("microwire", "18 wire")),
    _angiographic("coronary_wire_0.014", "coronary guide wire", 0.014, "straight", 30,
                  ("PCI wire", "workhorse wire", "14 wire")),
)  # fmt: skip
