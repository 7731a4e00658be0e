"""Catheters. Long ones are modelled by the length that lies in the body."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import numpy.typing as npt

from fluorosam_sim.tools.definition import Kind, Site, Tool, Words
from fluorosam_sim.tools.materials import (
    OPAQUE_POLYURETHANE,
    PLATINUM,
    PVC,
    SILICONE,
    TITANIUM,
    WATER,
    Material,
)
from fluorosam_sim.tools.shapes import (
    Solid,
    aligned,
    box,
    cut,
    cylinder,
    ellipsoid,
    revolved,
    ring,
    sphere,
    union,
)
from fluorosam_sim.tools.sweeps import smooth, tube

Made = list[tuple[Solid, Material]]
_Path = Sequence[tuple[float, float, float]]
_Curve = npt.NDArray[np.float64]

FRENCH = 1 / 3  # mm of outer diameter


def _catheter(points: _Path, french: float, bore: float = 0.45, holes: int = 0, bands: tuple[float, ...] = (),
    hub: bool = False,
              material: Material = OPAQUE_POLYURETHANE, count: int = 80) -> Made:  # fmt: skip
    """A round catheter along a smooth path; bands: places along it (0 to 1) of platinum rings; hub at its start."""
    path = smooth(points, count)
    r = french * FRENCH / 2
    solid = tube(path, r, bore * 2 * r / 2, 14)
    parts: Made = []
    rings = [_band(path, place, 1.15 * r, 1.01 * r, 2.0) for place in bands]
    if holes:
        spots = np.linspace(0.86, 0.985, holes)
        solid = cut(solid, [across(path, float(s), 0.55 * r, 3 * r, 90.0 * (n % 2)) for n, s in enumerate(spots)])
    parts.append((solid, material))
    if rings:
        parts.append((union(rings), PLATINUM))
    if hub:
        parts.append((_hub(path, r), PVC))
    return parts


def _at(path: _Curve, place: float) -> tuple[_Curve, _Curve]:
    index = int(np.clip(round(place * (len(path) - 1)), 1, len(path) - 2))
    return path[index], path[index + 1] - path[index - 1]


def _band(path: _Curve, place: float, outer: float, inner: float, width: float) -> Solid:
    at, along = _at(path, place)
    return aligned(ring(outer, inner, -width / 2, width / 2), along, at)


def across(path: _Curve, place: float, radius: float, reach: float, turn: float) -> Solid:
    """A hole's core, across a path (S, 3) at a place along it from 0 to 1, turned about it by degrees."""
    at, along = _at(path, place)
    return aligned(cylinder(radius, 0, reach).rotate((90, 0, turn)), along, at)


def _hub(path: _Curve, r: float) -> Solid:
    back = path[0] - path[1]
    body = revolved([(1.05 * r, 0), (2.2, 0), (3.2, 6), (3.6, 20), (2.2, 20), (1.05 * r, 8)])
    return aligned(
        body + box(12, 1.2, 5, (0, 0, 14)) - cylinder(1.6, 0, 30), back, path[0] + back / np.linalg.norm(back) * 0.1
    )


def _pigtail(french: float, radius: float, length: float, holes: int, hub: bool = False) -> Made:
    turn = np.deg2rad(np.linspace(0, 400, 12))
    loop = [
        (radius - radius * np.cos(a) * (1 - 0.012 * n), 0.9 * n * french * FRENCH / 6, radius * np.sin(a))
        for n, a in enumerate(turn)
    ]
    points: _Path = [(0, 0, -length), (0.02 * length, 0, -0.66 * length), (0, 0, -0.33 * length), (0, 0, -6),
                     *[(float(x), float(y), float(z)) for x, y, z in loop]]  # fmt: skip
    return _catheter(points, french, holes=holes, hub=hub, count=110)


def _balloon(french: float, diameter: float, length: float) -> Made:
    """Inflated with dilute contrast, markers at both ends."""
    path = smooth([(0, 0, -160), (3, 0, -90), (0, 0, -length), (0, 0, length / 2 + 14)], 60)
    r, b = french * FRENCH / 2, diameter / 2
    shaft = tube(path, r, 0.5 * r, 12)
    core = cylinder(r + 0.01, -length, length)
    half = length / 2
    shape = revolved([(0, -half - b), (r, -half - b), (b, -half), (b, half), (r, half + b), (0, half + b)])
    marks = union([ring(1.25 * r, 1.01 * r, z - 0.7, z + 0.7) for z in (-half, half)])
    return [(shaft, OPAQUE_POLYURETHANE), (marks, PLATINUM), (shape - core - marks, WATER)]


def _central_line(length: float, french: float, lumens: int) -> Made:
    points: _Path = [(0, 0, -0.55 * length), (2, 0, -0.3 * length), (6, 2, 0), (2, 0, 0.45 * length)]
    path = smooth(points, 60)
    r = french * FRENCH / 2
    parts: Made = [
        (tube(path, np.concatenate([np.full(55, r), np.linspace(r, 0.5 * r, 5)]), 0.4 * r, 14), OPAQUE_POLYURETHANE)
    ]
    back = path[0]
    hub = cylinder(4.5, -22, 0, 3) + box(26, 3, 9, (0, 0, -10))
    tails = []
    for n in range(lumens):
        side = 16.0 * (n - (lumens - 1) / 2)
        tail = smooth([(0, 0, -21), (0.5 * side, 0, -42), (side, 0, -85)], 20)
        tails.append(tube(tail, 1.2, corners=10) + aligned(cylinder(3.2, 0, 16), tail[-1] - tail[-2], tail[-1]))
    parts.append((union([hub, *tails]).translate(tuple(back.tolist())), PVC))
    return parts


def _port() -> Made:
    """A port: titanium chamber with a silicone septum, and its catheter."""
    house = revolved([(0, 0), (14, 0), (14.5, 2), (10, 11), (7.5, 11.4), (0, 11.4)])
    chamber = revolved([(0, 1.4), (7.4, 1.4), (7.4, 20), (0, 20)])
    septum = cylinder(7.35, 7.5, 11.3)
    spout = cylinder(1.2, 9, 22).rotate((0, 90, 0)).translate((0, 0, 3))
    turn = (spout + (house - chamber)).rotate((-90, 0, 0)), septum.rotate((-90, 0, 0))
    line = smooth([(17, 3, 0), (34, 3, -14), (34, 0, -50), (10, 6, -70), (-16, 12, -20), (-18, 12, 80)], 90)
    return [
        (turn[0], TITANIUM),
        (turn[1], SILICONE),
        (tube(line, 1.45, 0.9, 12) - spout.rotate((-90, 0, 0)), OPAQUE_POLYURETHANE),
    ]


def _foley(french: float) -> Made:
    r = french * FRENCH / 2
    shaft = tube(smooth([(0, 0, -170), (4, 0, -100), (0, 0, -50), (0, 0, 28)], 60), r, 0.5 * r, 16) + (
        sphere(r, (0, 0, 28)) - cylinder(0.5 * r, 0, 28)
    )
    eyes = [cylinder(0.55 * r, 0, 9).rotate((0, 90, 90 * n)).translate((0, 0, 22 - 6 * n)) for n in (0, 1)]
    funnel = aligned(revolved([(1.01 * r, 0), (6, 30), (4.6, 30), (0.6 * r, 0)]), (-0.0, 0, -1), (0, 0, -169.9))
    balloon = ellipsoid(12.5, 12.5, 11, (0, 0, 2)) - cylinder(1.01 * r, -40, 40)
    return [(cut(shaft, eyes) + funnel, SILICONE), (balloon, WATER)]


def _double_j(length: float, french: float) -> Made:
    turn = np.deg2rad(np.linspace(0, 330, 9))
    curl = [(11 - 11 * np.cos(a), 0.25 * n, 11 * np.sin(a)) for n, a in enumerate(turn)]
    half = length / 2
    low: _Path = [(float(x), float(y), float(half + z)) for x, y, z in curl]
    high: _Path = [(-float(x), float(y), float(-half - z)) for x, y, z in curl][::-1]
    return _catheter([*high, (0, 0, -0.3 * half), (4, 3, 0.2 * half), *low], french, count=150)


def _introducer(french: float, length: float) -> Made:
    r = french * FRENCH / 2 + 0.35
    sheath = ring(r, r - 0.3, 0, length)
    mark = ring(r + 0.12, r + 0.005, length - 3, length - 1.5)
    hub = ring(7, r - 0.3, -24, -0.01) + ring(4, r - 0.3, -0.02, 8) - cylinder(r + 0.01, -0.01, 9)
    side = tube(smooth([(6, 0, -14), (24, 0, -20), (44, 0, -50), (48, 0, -80)], 30), 2.0, 1.1, 10)
    return [(sheath, OPAQUE_POLYURETHANE), (mark, PLATINUM), (hub + side, PVC)]


def _electrode_catheter(points: _Path, french: float, electrodes: int, tip: float) -> Made:
    path = smooth(points, 110)
    r = french * FRENCH / 2
    along = np.linspace(0.985, 0.985 - 0.035 * electrodes, electrodes)
    rings = [_band(path, float(place), 1.12 * r, 1.01 * r, 1.6) for place in along[1:]]
    end = path[-1] - path[-2]
    rings.append(aligned(cylinder(1.05 * r, 0.02, tip) + sphere(1.05 * r, (0, 0, tip)), end, path[-1]))
    return [(tube(path, r, 0.3 * r, 14), OPAQUE_POLYURETHANE), (union(rings), PLATINUM)]


def _tool(key: str, family: str, noun: str, aliases: tuple[str, ...], sizes: tuple[str, ...], length: float,
    maker: partial[Made],
          site: Site, kind: Kind = "instrument") -> Tool:  # fmt: skip
    words = Words(noun, noun + "s", aliases, sizes)
    return Tool(key, " ".join((noun, *sizes)), family, kind, length, words, maker, site)


_ARTERIES = Site("lumen", ("aorta", "iliac_artery", "common_carotid_artery", "subclavian_artery"))
_AORTA = Site("lumen", ("aorta",))
_VEINS = Site("lumen", ("superior_vena_cava", "brachiocephalic_vein"))
_BELLY = Site("organ", ("liver", "spleen", "small_bowel"))

TOOLS: tuple[Tool, ...] = (
    *(_tool(f"pigtail_catheter_{f}fr", "catheters", "pigtail catheter", ("pigtail", "flush catheter",
          "ventriculography catheter"), (f"{f} French",), 165,
            partial(_pigtail, f, 6.5, 155, 6), _AORTA) for f in (5,)),
    *(_tool(key, "catheters", noun, aliases, ("5 French",), length, partial(_catheter, points, 5.0), site) for key,
          noun, aliases, length, points, site in (
        ("judkins_left", "left Judkins catheter", ("JL4", "left coronary catheter", "Judkins left"), 195,
         [(0, 0, -130), (3, 0, -60), (0, 0, 0), (6, 0, 42), (22, 0, 60), (42, 0, 44), (38, 0, 18), (26, 0, 12)],
         _AORTA),
        ("judkins_right", "right Judkins catheter", ("JR4", "right coronary catheter", "Judkins right"), 190,
         [(0, 0, -130), (-3, 0, -60), (0, 0, 0), (8, 0, 36), (14, 0, 50), (32, 0, 56)], _AORTA),
        ("cobra_catheter", "Cobra catheter", ("C2 catheter", "Cobra 2", "visceral catheter"), 175,
         [(0, 0, -130), (2, 0, -60), (0, 0, 0), (14, 0, 22), (16, 0, 42), (0, 0, 44), (-8, 0, 30)], _AORTA),
        ("simmons_catheter", "Simmons catheter", ("sidewinder", "Simmons 1", "reverse curve catheter"), 170,
         [(0, 0, -120), (0, 0, -40), (2, 0, 20), (14, 0, 44), (28, 0, 24), (24, 0, -20), (28, 0, -34), (38, 0, -30)],
         _AORTA),
        ("multipurpose_catheter", "multipurpose catheter", ("MP catheter", "vertebral catheter",
        "Berenstein catheter"), 170,
         [(0, 0, -130), (2, 0, -50), (0, 0, 10), (4, 0, 32), (14, 0, 42)], _ARTERIES))),
    _tool("microcatheter", "catheters", "microcatheter", ("micro catheter", "coaxial catheter",
        "2.7 French catheter"), ("2.7 French",), 230,
          partial(_catheter, [(0, 0, -120), (8, 0, -60), (-6, 4, 0), (8, 0, 50), (0, 6, 90), (8, 0, 110)], 2.7, 0.5,
          0, (0.82, 0.985)), _ARTERIES),
    *(_tool(f"balloon_catheter_{d}x{n}", "catheters", "balloon catheter", ("angioplasty balloon", "PTA balloon",
          "inflated balloon"), (f"{d} mm", f"{n} mm"),
            n / 2 + 174, partial(_balloon, 5, d, n), _ARTERIES) for d, n in ((4, 40), (8, 60))),
    _tool("central_venous_catheter", "catheters", "central venous catheter",
        ("CVC", "central line", "triple lumen catheter"), ("7 French", "160 mm"), 260,
          partial(_central_line, 160, 7, 3), _VEINS),
    _tool("dialysis_catheter", "catheters", "dialysis catheter", ("permcath", "haemodialysis catheter",
        "Shaldon catheter"), ("13 French", "200 mm"), 300,
          partial(_central_line, 200, 13, 2), _VEINS),
    _tool("picc_line", "catheters", "PICC line", ("PICC", "peripherally inserted central catheter", "arm line"),
        ("4 French",), 262,
          partial(_central_line, 240, 4, 1), Site("lumen", ("superior_vena_cava", "subclavian_artery",
          "brachiocephalic_vein"))),
    _tool("port_catheter", "catheters", "port catheter", ("port-a-cath", "chemo port", "implanted port"), (), 155,
        partial(_port), _VEINS, "implant"),
    _tool("swan_ganz_catheter", "catheters", "pulmonary artery catheter", ("Swan-Ganz", "PA catheter", "Swan"),
        ("7 French",), 165,
          partial(_catheter, [(0, 0, -100), (4, 0, -40), (0, 0, 20), (14, -12, 62), (40, -18, 58), (52, -10, 20),
          (30, 0, -8)], 7, 0.4, 0, (0.5, 0.97)), Site("organ", ("heart",))),
    _tool("ablation_catheter", "catheters", "ablation catheter", ("EP catheter", "mapping catheter",
        "electrophysiology catheter"), ("7 French",), 200,
          partial(_electrode_catheter, [(0, 0, -130), (4, 0, -60), (0, 0, 0), (6, 0, 36), (26, 0, 54)], 7, 4, 3.5),
          Site("organ", ("heart",))),
    _tool("decapolar_catheter", "catheters", "decapolar catheter", ("CS catheter", "coronary sinus catheter",
        "ten-pole catheter"), ("6 French",), 162,
          partial(_electrode_catheter, [(0, 0, -110), (0, 0, -50), (8, 0, 10), (34, 0, 44), (64, 0, 50)], 6, 10, 1.5),
          Site("organ", ("heart",))),
    *(_tool(f"introducer_sheath_{f}fr", "catheters", "introducer sheath", ("sheath", "arterial sheath",
          "vascular introducer"), (f"{f} French", f"{n} mm"), n + 82,
            partial(_introducer, f, n), Site("lumen", ("iliac_artery", "iliac_vena"))) for f,
            n in ((6, 110), (12, 300))),
    _tool("foley_catheter", "catheters", "Foley catheter", ("urinary catheter", "bladder catheter", "Foley"),
        ("16 French",), 230, partial(_foley, 16),
          Site("organ", ("urinary_bladder",))),
    _tool("double_j_stent", "stents", "double-J stent", ("DJ stent", "ureteral stent", "pigtail ureter stent"),
        ("7 French", "260 mm"), 282, partial(_double_j, 260, 7),
          Site("organ", ("kidney",)), "implant"),
    _tool("pigtail_drain_8fr", "drains", "pigtail drain", ("abscess drain", "nephrostomy", "locking drain"),
        ("8 French",), 180, partial(_pigtail, 8.3, 9, 165, 5, True), _BELLY),
)  # fmt: skip
