"""Prostheses of the hip. Each stands as in a right limb: z towards the foot,
x outwards, y to the back, the head's centre at the origin.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from fluorosam_sim.tools.definition import Site, Tool, Words
from fluorosam_sim.tools.materials import (
    ALUMINA,
    CEMENT,
    COBALT,
    POLYETHYLENE,
    STEEL,
    TANTALUM,
    TITANIUM,
    Material,
)
from fluorosam_sim.tools.shapes import (
    Outline,
    Solid,
    aligned,
    box,
    cut,
    cylinder,
    disc,
    loft,
    prism,
    rectangle,
    revolved,
    sphere,
    union,
)
from fluorosam_sim.tools.sweeps import loop

Made = list[tuple[Solid, Material]]

_NECK = np.array([0.75, 0.0, 0.66])  # from the head's centre to the stem
_OPENING = np.array([0.68, 0.0, 0.73])  # of a cup, 43° from the transverse plane


def _stem_solid(length: float, width: float, offset: float, collar: bool = False, straight: float = 0.45) -> Solid:
    """A tapered stem: neck from near the origin, shoulder, then straight down; length is from the shoulder."""
    top = 0.62 * offset + 4

    def at(z: float, inner: float, outer: float, depth: float) -> tuple[float, Outline]:
        return z, rectangle(outer - inner, depth, 0.4 * depth).translate(((inner + outer) / 2, 0))

    mid, w = offset, width
    slices = [at(top, mid - 2.1 * w, mid + 0.55 * w, 1.15 * w), at(top + 0.1 * length, mid - 1.55 * w, mid + 0.7 * w,
        1.2 * w),
              at(top + 0.25 * length, mid - 0.85 * w, mid + 0.62 * w, 1.1 * w),
              at(top + straight * length, mid - 0.55 * w, mid + 0.55 * w, 0.95 * w),
              at(top + 0.94 * length, mid - 0.38 * w, mid + 0.38 * w, 0.7 * w),
              at(top + length, mid - 0.2 * w, mid + 0.2 * w, 0.4 * w)]  # fmt: skip
    reach = (top + 4) / _NECK[2]
    neck = aligned(cylinder(6.2, -3, reach - 6, 7.0) + cylinder(7.0, reach - 6.1, reach + 3, 9.0), _NECK)
    solids = [loft(slices), neck]
    if collar:
        solids.append(box(2.6 * w, 1.5 * w, 2.2, (mid - 1.2 * w, 0, top + 1)))
    return union(solids)


def _head_solid(diameter: float) -> Solid:
    return sphere(diameter / 2) ^ aligned(cylinder(99, -99, 0.38 * diameter), _NECK)


def _cup_parts(outer: float, head: float, material: Material, holes: bool = True) -> Made:
    ro, ri, rh = outer / 2, outer / 2 - 3.8, head / 2 + 0.15
    shell = _shell(ro, ri)
    if holes:
        away = [aligned(cylinder(3.2, ri - 2, ro + 2), (np.sin(t) * np.cos(a), np.sin(t) * np.sin(a), -np.cos(t)))
                for t, a in ((0.0, 0), (0.75, 0.5), (0.75, 2.2), (0.75, 4.0))]  # fmt: skip
        shell = cut(shell, away)
    liner = _shell(ri - 0.02, rh)
    return [(aligned(shell, _OPENING), material), (aligned(liner, _OPENING), POLYETHYLENE)]


def _shell(outer: float, inner: float) -> Solid:
    """A hemispherical bowl that opens towards +z."""
    turn = np.deg2rad(np.linspace(-90, 0, 14))
    profile = [(outer * np.cos(a), outer * np.sin(a)) for a in turn] + [
        (inner * np.cos(a), inner * np.sin(a)) for a in turn[::-1]
    ]
    return revolved([(float(max(r, 0)), float(z)) for r, z in profile])


def _stem(length: float, width: float, offset: float, material: Material, collar: bool) -> Made:
    return [(_stem_solid(length, width, offset, collar), material)]


def _head(diameter: float, material: Material) -> Made:
    taper = aligned(cylinder(6.3, -3, 99, 7.0), _NECK)
    return [(_head_solid(diameter) - taper, material)]


def _cup(outer: float, head: float) -> Made:
    return _cup_parts(outer, head, TITANIUM)


def _cemented_cup(outer: float) -> Made:
    """All polyethylene, with a wire that shows where it lies, in a mantle of cement."""
    body = aligned(_shell(outer / 2, 14.1), _OPENING)
    angle = 2 * np.pi * np.arange(48) / 48
    r = outer / 2 - 1.2
    path = np.column_stack([r * np.cos(angle), r * np.sin(angle), np.full(48, -1.5)])
    wire = aligned(loop(path, 0.5, 8), _OPENING)
    return [
        (body - wire, POLYETHYLENE),
        (wire, STEEL),
        (aligned(_shell(outer / 2 + 2.5, outer / 2 + 0.02), _OPENING), CEMENT),
    ]


def _total_hip(stem: float, width: float, offset: float, head: float, cup: float, stem_material: Material,
               head_material: Material) -> Made:  # fmt: skip
    femoral = _stem_solid(stem, width, offset, stem_material is COBALT)
    return [(femoral, stem_material), (_head_solid(head) - femoral, head_material), *_cup_parts(cup, head, TITANIUM)]


def _bipolar(head: float) -> Made:
    femoral = _stem_solid(130, 13, 40, True)
    inner = _head_solid(28)
    return [(femoral, COBALT), (inner - femoral, COBALT), (aligned(_shell(head / 2, 20.5), _OPENING), COBALT),
            (aligned(_shell(20.4, 14.1), _OPENING), POLYETHYLENE)]  # fmt: skip


def _monoblock(head: float) -> Made:
    stem = _stem_solid(140, 14, 38, True) - box(5, 40, 18, (34, 0, 55))
    return [(stem + sphere(head / 2), COBALT)]


def _resurfacing(head: float) -> Made:
    cap = aligned(_shell(head / 2, head / 2 - 4), _NECK) + aligned(cylinder(3.5, -0.45 * head, 42, 1.5), _NECK)
    return [(cap, COBALT), (aligned(_shell(head / 2 + 3.4, head / 2 + 0.2), _OPENING), COBALT)]


def _cage_ring(diameter: float) -> Made:
    """An acetabular reinforcement ring with flanges for ilium and ischium."""
    shell = cut(_shell(diameter / 2, diameter / 2 - 2.4),
                [aligned(cylinder(2.7, 10, 60), (np.cos(a) * 0.7, np.sin(a) * 0.7, -0.7)) for a in np.arange(0, 6.2,
                0.9)])  # fmt: skip
    flange = prism(rectangle(44, 22, 9) - disc(2.8, -14, 0) - disc(2.8, 10, 0) - disc(2.8, -2, 0), -1.2, 1.2)
    ilium = flange.rotate((0, 70, 0)).translate((-diameter / 2 - 6, 0, -19))
    ischium = prism(rectangle(34, 14, 6), -1.1, 1.1).rotate((0, 20, 0)).translate((diameter / 2 + 10, 0, -8))
    return [(aligned(union([shell, ilium, ischium]) - sphere(diameter / 2 - 2.4), _OPENING), TITANIUM)]


def _augment() -> Made:
    return [((sphere(28) - sphere(19)) ^ box(60, 18, 40, (0, 0, -24)), TANTALUM)]


def _tool(key: str, name: str, family: str, noun: str, aliases: tuple[str, ...], sizes: tuple[str, ...], length: float,
          maker: partial[Made], site: Site) -> Tool:  # fmt: skip
    plural = noun.replace("prosthesis", "prostheses") if noun.endswith("prosthesis") else noun + "s"
    return Tool(key, name, family, "implant", length, Words(noun, plural, aliases, sizes), maker, site)


_HIP = Site("joint", ("femur",), 0.0)
_THA = ("THA", "total hip arthroplasty", "artificial hip", "hip replacement", "total hip")

TOOLS: tuple[Tool, ...] = (
    *(_tool(f"hip_stem_{what}_{size}", f"{what} hip stem size {size}", "hip_prostheses", f"{what} hip stem",
            ("femoral stem", "stem", "hip prosthesis shaft"), (f"size {size}", f"{n} mm"), n + 38,
            partial(_stem, n, w, o, material, collar), _HIP)
      for what, material, collar, rows in (
          ("cemented", COBALT, True, ((1, 125, 11, 38), (5, 150, 15, 46))),
          ("cementless", TITANIUM, False, ((2, 120, 13, 38), (4, 135, 15, 42), (6, 148, 17, 46))),
          ("short", TITANIUM, False, ((2, 80, 15, 40),)), ("revision", TITANIUM, False, ((4, 230, 16, 44),)))
      for size, n, w, o in rows),
    *(_tool(f"hip_head_{what}_{d}", f"{what} femoral head {d} mm", "hip_prostheses", f"{what} femoral head",
            ("prosthetic head", "hip ball", "ball head"), (f"{d} mm",), d, partial(_head, d, material), _HIP)
      for what, material, d in (("metal", COBALT, 28), ("metal", COBALT, 32), ("ceramic", ALUMINA, 36))),
    *(_tool(f"press_fit_cup_{d}", f"press-fit cup {d} mm", "hip_prostheses", "press-fit cup",
            ("acetabular cup", "cementless cup", "socket shell", "hip cup"), (f"{d} mm",), d, partial(_cup, d, h), _HIP)
      for d, h in ((48, 28), (54, 32), (60, 36))),
    _tool("cemented_cup_50", "cemented cup 50 mm", "hip_prostheses", "cemented cup",
        ("polyethylene cup", "all-poly cup"),
          ("50 mm",), 55, partial(_cemented_cup, 50), _HIP),
    *(_tool(f"total_hip_{what.replace(' ', '_')}", f"total hip prosthesis, {what}", "hip_prostheses",
        "total hip prosthesis", _THA,
          (what,), n * 1.55,
            partial(_total_hip, n, w, o, h, c, m, hm), _HIP)
      for what, n, w, o, h, c, m, hm in (("small", 120, 12, 37, 28, 48, TITANIUM, COBALT),
                                         ("medium", 135, 14, 42, 32, 54, TITANIUM, ALUMINA),
                                         ("cemented stem", 145, 14, 45, 32, 58, COBALT, COBALT))),
    _tool("bipolar_hip_48", "bipolar hip hemiprosthesis 48 mm", "hip_prostheses", "bipolar hip hemiprosthesis",
          ("hemi", "hemiarthroplasty", "bipolar head", "half hip"), ("48 mm",), 187, partial(_bipolar, 48), _HIP),
    _tool("monoblock_hip_46", "monoblock hip hemiprosthesis 46 mm", "hip_prostheses", "monoblock hip hemiprosthesis",
          ("Austin Moore", "Thompson prosthesis", "unipolar hemi"), ("46 mm",), 192, partial(_monoblock, 46), _HIP),
    _tool("hip_resurfacing_48", "hip resurfacing 48 mm", "hip_prostheses", "hip resurfacing",
          ("resurfacing prosthesis", "surface replacement", "BHR"), ("48 mm",), 62, partial(_resurfacing, 48), _HIP),
    _tool("acetabular_cage_52", "acetabular reinforcement cage 52 mm", "hip_prostheses",
        "acetabular reinforcement cage",
          ("antiprotrusio cage", "Burch-Schneider cage", "socket cage"), ("52 mm",), 74, partial(_cage_ring, 52), _HIP),
    _tool("acetabular_augment", "tantalum acetabular augment", "hip_prostheses", "tantalum acetabular augment",
          ("trabecular metal augment", "augment"), (), 55, partial(_augment), _HIP),
)  # fmt: skip
