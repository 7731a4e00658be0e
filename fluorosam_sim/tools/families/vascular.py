"""Stents, grafts, filters, coils, occluders and heart valves."""

from __future__ import annotations

from functools import partial

import numpy as np

from fluorosam_sim.tools.definition import Site, Tool, Words
from fluorosam_sim.tools.materials import (
    CARBON,
    COBALT,
    NITINOL,
    NYLON,
    PLATINUM,
    POLYETHYLENE,
    STEEL,
    TITANIUM,
    Material,
)
from fluorosam_sim.tools.shapes import Solid, cylinder, ellipsoid, revolved, ring, sphere, torus, union
from fluorosam_sim.tools.sweeps import FloatArray, helix, loop, smooth, tube

Made = list[tuple[Solid, Material]]


def _crown(radius: float, z: float, height: float, crowns: int, turn: float, wire: float, top: float = 0.0) -> Solid:
    """One zigzag ring; `top` widens its upper points."""
    count = 6 * crowns
    angle = 2 * np.pi * np.arange(count) / count
    wave = np.sin(crowns * angle + turn)
    wave = np.sign(wave) * np.abs(wave) ** 0.8
    r = radius + top * 0.5 * (1 + wave)
    path = np.column_stack([r * np.cos(angle), r * np.sin(angle), z + 0.5 * height * wave])
    return loop(path, wire, 4)


def _lattice(diameter: float, length: float, crowns: int, wire: float, rows: int, flare: float = 0.0) -> Solid:
    """Rings of struts with links between every second pair of crowns."""
    r, height = diameter / 2 - wire, length / rows
    solids: list[Solid] = []
    for n in range(rows):
        z = (n - (rows - 1) / 2) * height
        wide = flare * (max(0, abs(2 * n / max(rows - 1, 1) - 1) - 0.6) / 0.4) ** 2
        solids.append(_crown(r + wide, z, height * 0.92, crowns, 0.0, wire))
        if n:
            for k in range(0, crowns, 2):
                a = 2 * np.pi * (k + 0.25) / crowns + 0.0
                low, high = z - height * 0.58, z + height * 0.02
                x, y = (r + 0.5 * wide) * np.cos(a), (r + 0.5 * wide) * np.sin(a)
                b = a + np.pi / crowns
                x2, y2 = (r + 0.5 * wide) * np.cos(b), (r + 0.5 * wide) * np.sin(b)
                solids.append(
                    tube(
                        [
                            (x, y, low),
                            ((x + x2) / 2, (y + y2) / 2, (low + high) / 2 - 0.04 * height),
                            (x2, y2, high - 0.42 * height),
                        ],
                        0.8 * wire,
                        corners=4,
                    )
                )
    return union(solids)


def _stent(
    diameter: float,
    length: float,
    crowns: int,
    wire: float,
    rows: int,
    material: Material,
    markers: bool,
    flare: float = 0.0,
) -> Made:
    made: Made = [(_lattice(diameter, length, crowns, wire, rows, flare), material)]
    if markers:
        spots = [(np.cos(a), np.sin(a), s) for s in (-1, 1) for a in (0.3, 2.4, 4.5)]
        r = diameter / 2 + flare + 2 * wire
        dots = union([sphere(0.45, (r * c, r * d, s * (length / 2 + 0.4))) for c, d, s in spots])
        made.append((dots - made[0][0], PLATINUM))
    return made


def _braid(
    diameter: float,
    length: float,
    wires: int,
    wire: float,
    turns: float,
    flare: float,
    material: Material,
    covered: bool = False,
) -> Made:
    """Two sets of counter-running helices; the ends may flare."""
    strands = []
    for n in range(wires):
        for sense in (1, -1):
            path = helix(1.0, length / turns, turns, 14)
            place = path[:, 2] / length
            r = diameter / 2 + flare * np.clip(np.abs(2 * place - 1) - 0.7, 0, 1) ** 1.5 * 6
            angle = np.arctan2(path[:, 1], path[:, 0]) * sense + 2 * np.pi * n / wires
            strands.append(
                tube(np.column_stack([r * np.cos(angle), r * np.sin(angle), path[:, 2] - length / 2]), wire, corners=4)
            )
    made: Made = [(union(strands), material)]
    if covered:
        inner = diameter / 2 - wire - 0.02
        made.append((ring(inner, inner - 0.2, -0.42 * length, 0.42 * length), NYLON))
    return made


def _graft(diameter: float, length: float, rows: int, crowns: int, wire: float) -> Made:
    r = diameter / 2
    height = length / rows
    rings = [_crown(r, (n - (rows - 1) / 2) * height, 0.8 * height, crowns, 0.0, wire) for n in range(rows)]
    crown = _crown(r, -0.5 * length - 0.35 * height, 0.9 * height, crowns // 2, 0.0, wire)
    return [(union([*rings, crown]), NITINOL), (ring(r - wire - 0.02, r - wire - 0.35, -length / 2, length / 2), NYLON)]


def _bifurcated(diameter: float, limb: float, trunk: float, legs: tuple[float, float]) -> Made:
    """An aortic stent graft: trunk, two limbs, zigzag wires outside the fabric; z runs towards the feet."""
    r, wire = diameter / 2, 0.3
    wires = [_crown(r, z, 11, 8, 0.0, wire) for z in np.arange(6, trunk - 8, 14.0)] + [_crown(r, -9, 18, 6, 0.0, wire)]
    fabric: list[Solid] = []
    hollow: list[Solid] = []
    paths: list[FloatArray] = []
    for side, reach in zip((-1, 1), legs, strict=True):
        paths.append(
            smooth(
                [
                    (side * 0.45 * r, 0, trunk - 10),
                    (side * 0.62 * r, 0, trunk + 12),
                    (side * 1.3 * r, 2, trunk + 0.6 * reach),
                    (side * 1.7 * r, 3, trunk + reach),
                ],
                30,
            )
        )
        fabric.append(tube(paths[-1], limb / 2 - wire - 0.02, corners=24))
        hollow.append(tube(paths[-1], limb / 2 - wire - 0.35, corners=24))
        for k in range(4, 29, 5):
            at, along = paths[-1][k], paths[-1][k + 1] - paths[-1][k - 1]
            tilt = np.rad2deg(np.arctan2(along[0], along[2]))
            wires.append(_crown(limb / 2, 0, 9, 5, 0.0, wire).rotate((0, float(tilt), 0)).translate(tuple(at.tolist())))
    body = revolved([(0, 0), (r - wire - 0.02, 0), (r - wire - 0.02, trunk - 12), (0.55 * r, trunk), (0, trunk)])
    inside = revolved(
        [(0, -1), (r - wire - 0.35, -1), (r - wire - 0.35, trunk - 12.3), (0.5 * r, trunk - 0.5), (0, trunk - 0.5)]
    )
    ends = [tube(np.array([p[-1], p[-1] + 0.3 * (p[-1] - p[-2])]), limb / 2 - wire - 0.35, corners=24) for p in paths]
    cloth = (union([body, *fabric]) - union([inside, *hollow, *ends])) - union(wires)
    return [(union(wires), NITINOL), (cloth, NYLON)]


def _filter(height: float, width: float, legs: int, wire: float) -> Made:
    """A cone of hooked legs that meet in a cap; the cap points to the head."""
    solids = [cylinder(1.4, -3, 4)]
    for a in 2 * np.pi * np.arange(legs) / legs:
        r = width / 2
        c, s = np.cos(a), np.sin(a)
        line = smooth([(0.7 * c, 0.7 * s, 1), (0.35 * r * c, 0.35 * r * s, 0.45 * height),
        (0.85 * r * c, 0.85 * r * s, 0.85 * height), (r * c, r * s, height),
                       (1.08 * r * c, 1.08 * r * s, height - 2)], 22)  # fmt: skip
        solids.append(tube(line, wire, corners=6))
        short = smooth(
            [
                (0.7 * c * 0.9, 0.7 * s, 1),
                (0.6 * r * np.cos(a + 0.5), 0.6 * r * np.sin(a + 0.5), 0.16 * height),
                (0.95 * r * np.cos(a + 0.5), 0.95 * r * np.sin(a + 0.5), 0.45 * height),
            ],
            14,
        )
        solids.append(tube(short, 0.8 * wire, corners=6))
    hook = smooth([(0, 0, -2.5), (0, 0, -5), (1.4, 0, -6.2), (2.4, 0, -5)], 14)
    return [(union([*solids, tube(hook, 0.5, corners=8)]), NITINOL)]


def _coil(radius: float, turns: float, wire: float, nested: bool) -> Made:
    """A helix, or a ball of loops such as fills an aneurysm."""
    if not nested:
        path = helix(radius, 5 * wire, turns, 20)
        return [(tube(path - path.mean(axis=0), wire, corners=6), PLATINUM)]
    t = np.linspace(0, 2 * np.pi, 300)
    lat = 1.15 * np.sin(7 * t)
    ball = radius * np.column_stack([np.cos(lat) * np.cos(turns * t), np.cos(lat) * np.sin(turns * t), np.sin(lat)])
    return [(tube(ball[:-2], wire, corners=6), PLATINUM)]


def _occluder(disc: float, waist: float, gap: float) -> Made:
    """Two discs of braided nitinol on a waist, shown as thin shells."""
    shells = []
    for side in (-1, 1):
        outer = ellipsoid(disc / 2, disc / 2, 2.2, (0, 0, side * gap / 2))
        shells.append(outer - ellipsoid(disc / 2 - 0.35, disc / 2 - 0.35, 1.85, (0, 0, side * gap / 2)))
    middle = ring(waist / 2, waist / 2 - 0.35, -gap / 2, gap / 2)
    spokes = [_crown(0.66 * disc / 2, side * gap / 2, 3.4, 12, 0.0, 0.18) for side in (-1, 1)]
    ends = [cylinder(1.1, -gap / 2 - 5, -gap / 2 - 1), cylinder(1.1, gap / 2 + 1, gap / 2 + 5)]
    return [(union([*shells, middle, *spokes, *ends]), NITINOL)]


def _plug(diameter: float, length: float) -> Made:
    body = _braid(diameter, 0.8 * length, 6, 0.12, 0.9, 0.0, NITINOL)[0][0]
    caps = [cylinder(0.9, s * length / 2 - 1.2, s * length / 2 + 1.2) for s in (-1, 1)]
    waists = []
    for s in (-1, 1):
        for a in 2 * np.pi * np.arange(6) / 6:
            r = diameter / 2
            waists.append(
                tube(
                    [
                        (r * np.cos(a), r * np.sin(a), s * 0.4 * length),
                        (0.5 * r * np.cos(a), 0.5 * r * np.sin(a), s * 0.47 * length),
                        (0.1, 0.05, s * 0.5 * length),
                    ],
                    0.15,
                    corners=4,
                )
            )
    return [(union([body, *caps, *waists]), NITINOL)]


def _transcatheter_valve(diameter: float, length: float, self_expanding: bool) -> Made:
    rows, crowns = (4, 15) if self_expanding else (3, 12)
    frame = _lattice(diameter, length, crowns, 0.25 if self_expanding else 0.32, rows, 3.5 if self_expanding else 0.0)
    skirt = ring(diameter / 2 - 0.8, diameter / 2 - 1.1, 0.05 * length, 0.42 * length)
    return [(frame, NITINOL if self_expanding else COBALT), (skirt - frame, POLYETHYLENE)]


def _mechanical_valve(diameter: float) -> Made:
    """Bileaflet: a ring with two half discs, half open."""
    r = diameter / 2
    housing = ring(r - 2.5, r - 4, -4, 4)
    cuff = torus(r - 1.2, 1.25) - cylinder(r - 2.49, -9, 9)
    half = (cylinder(r - 4.3, -0.5, 0.5) ^ cylinder(99, -9, 9).translate((99.4, 0, 0))).rotate((0, 62, 0))
    leaf = half.translate((0.8, 0, 0)) ^ cylinder(r - 4.1, -40, 40)
    return [(housing, TITANIUM), (cuff, NYLON), (union([leaf, leaf.mirror((1, 0, 0))]) - housing, CARBON)]


def _bioprosthesis(diameter: float) -> Made:
    """Three posts on a sewing ring: the wire of a tissue valve."""
    r = diameter / 2
    angle = 2 * np.pi * np.arange(72) / 72
    path = np.column_stack([r * np.cos(angle), r * np.sin(angle), -6.5 * np.abs(np.cos(1.5 * angle)) ** 1.6 - 2])
    return [(loop(path, 0.6, 8), COBALT), (torus(r + 1.5, 1.6).scale((1, 1, 1.2)).translate((0, 0, 1.6)), NYLON)]


def _annuloplasty(width: float) -> Made:
    angle = np.linspace(-2.4, 2.4, 60)
    path = np.column_stack([width / 2 * np.sin(angle), -0.36 * width * np.cos(angle), 1.5 * np.cos(2 * angle)])
    core = tube(path, 0.8, corners=10)
    return [(core, TITANIUM), (tube(path[1:-1], 1.8, 0.82, 14), NYLON)]


def _tool(
    key: str,
    family: str,
    noun: str,
    aliases: tuple[str, ...],
    sizes: tuple[str, ...],
    length: float,
    maker: partial[Made],
    site: Site,
) -> Tool:
    plural = (
        noun.replace("prosthesis", "prostheses")
        if noun.endswith("prosthesis")
        else noun[:-1] + "ses"
        if noun.endswith("sis")
        else noun + "s"
    )
    return Tool(
        key,
        f"{noun} {' × '.join(sizes)}".strip(),
        family,
        "implant",
        length,
        Words(noun, plural, aliases, sizes),
        maker,
        site,
    )


_HEART, _AORTA, _BRAIN, _LIVER = (
    Site("organ", ("heart",)),
    Site("lumen", ("aorta",)),
    Site("organ", ("brain",)),
    Site("organ", ("liver",)),
)
_ILIAC = Site("lumen", ("iliac_artery",))
_CAROTID = Site("lumen", ("common_carotid_artery",))

TOOLS: tuple[Tool, ...] = (
    *(_tool(f"coronary_stent_{d:g}x{n}", "stents", "coronary stent", ("DES", "drug-eluting stent", "heart stent"),
          (f"{d:g} mm", f"{n} mm"), n,
            partial(_stent, d, n, 6, 0.045, n // 2, COBALT, False), _HEART) for d, n in ((2.5, 12), (3.5, 24))),
    *(_tool(f"vascular_stent_{d}x{n}", "stents", "self-expanding vascular stent",
          ("nitinol stent", "peripheral stent", "iliac stent"), (f"{d} mm", f"{n} mm"), n,
            partial(_stent, d, n, 10, 0.11, n // 5, NITINOL, True), _ILIAC) for d, n in ((7, 60), (10, 60))),
    _tool("balloon_expandable_stent_8x37", "stents", "balloon-expandable stent",
        ("renal stent", "BE stent", "bare metal stent"), ("8 mm", "37 mm"), 37,
          partial(_stent, 8, 37, 8, 0.1, 9, STEEL, False), _ILIAC),
    _tool("carotid_stent_8x40", "stents", "carotid stent", ("neck stent", "CAS stent", "carotid artery stent"),
        ("8 mm", "40 mm"), 40,
          partial(_braid, 8, 40, 8, 0.07, 2.0, 0.6, NITINOL), _CAROTID),
    _tool("biliary_stent_10x60", "stents", "metal biliary stent", ("bile duct stent", "SEMS", "Wallstent"),
        ("10 mm", "60 mm"), 60,
          partial(_braid, 10, 60, 8, 0.1, 2.2, 1.0, NITINOL), _LIVER),
    _tool("esophageal_stent_20x100", "stents", "covered esophageal stent", ("oesophageal stent", "gullet stent",
        "covered SEMS"), ("20 mm", "100 mm"), 100,
          partial(_braid, 20, 100, 8, 0.14, 1.8, 4.0, NITINOL, True), Site("lumen", ("esophagus",))),
    _tool("tracheal_stent_16x50", "stents", "tracheal stent", ("airway stent", "windpipe stent"), ("16 mm", "50 mm"),
        50,
          partial(_stent, 16, 50, 10, 0.16, 7, NITINOL, True), Site("lumen", ("trachea",))),
    _tool("thoracic_stent_graft_34x150", "stents", "thoracic stent graft", ("TEVAR", "thoracic endograft",
        "aortic stent graft"), ("34 mm", "150 mm"), 165,
          partial(_graft, 34, 150, 9, 10, 0.3), _AORTA),
    _tool("bifurcated_stent_graft", "stents", "bifurcated aortic stent graft",
        ("EVAR", "aortic endograft", "Y-graft", "trouser graft"), ("26 mm",), 168,
          partial(_bifurcated, 26, 13, 70, (80, 65)), Site("lumen", ("aorta",), 1.0)),
    _tool("vena_cava_filter", "stents", "vena cava filter", ("IVC filter", "Greenfield filter", "caval filter",
        "umbrella filter"), (), 57,
          partial(_filter, 50, 28, 6, 0.25), Site("lumen", ("inferior_vena_cava",))),
    *(_tool(f"embolization_coil_{d}", "coils", "embolization coil", ("coil", "pushable coil", "vascular coil"),
          (f"{d} mm",), extent,
            partial(_coil, d / 2, turns, 0.2, False), Site("organ", ("liver", "spleen", "kidney"))) for d, turns,
            extent in ((4, 6, 6.2), (10, 9, 10.5))),
    *(_tool(f"aneurysm_coil_{d}", "coils", "aneurysm coil", ("framing coil", "GDC", "coil ball", "3D coil"),
          (f"{d} mm",), d,
            partial(_coil, d / 2, 11, 0.16, True), _BRAIN) for d in (6, 9)),
    _tool("vascular_plug_12", "coils", "vascular plug", ("Amplatzer plug", "vessel plug", "AVP"), ("12 mm",), 14,
        partial(_plug, 12, 12), Site("lumen", ("iliac_artery",))),
    _tool("septal_occluder_24", "coils", "septal occluder", ("ASD occluder", "PFO closure device", "Amplatzer"),
        ("24 mm",), 24, partial(_occluder, 24, 12, 5), _HEART),
    _tool("self_expanding_tavi_26", "valves", "self-expanding transcatheter valve", ("TAVI", "TAVR", "CoreValve"),
        ("26 mm",), 50,
          partial(_transcatheter_valve, 23, 48, True), _HEART),
    _tool("balloon_expandable_tavi_26", "valves", "balloon-expandable transcatheter valve",
        ("Sapien", "TAVR", "TAVI valve"), ("26 mm",), 27,
          partial(_transcatheter_valve, 26, 20, False), _HEART),
    _tool("mechanical_valve_25", "valves", "bileaflet mechanical valve", ("mechanical heart valve", "metal valve",
        "St Jude valve"), ("25 mm",), 25,
          partial(_mechanical_valve, 25), _HEART),
    _tool("tissue_valve_25", "valves", "tissue heart valve", ("bioprosthesis", "biological valve",
        "stented tissue valve"), ("25 mm",), 31, partial(_bioprosthesis, 25), _HEART),
    _tool("annuloplasty_ring_30", "valves", "annuloplasty ring", ("mitral ring", "valve ring", "annulus ring"),
        ("30 mm",), 33, partial(_annuloplasty, 30), _HEART),
)  # fmt: skip
