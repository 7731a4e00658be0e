"""Staples, clips, markers, rulers, navigation arrays, fixator parts and phantoms."""

from __future__ import annotations

from functools import partial

import numpy as np

from fluorosam_sim.tools.definition import Kind, Site, Tool, Words
from fluorosam_sim.tools.materials import (
    ALUMINIUM,
    BARIUM_STRIPE,
    CARBON,
    COPPER,
    GOLD,
    LEAD,
    NITINOL,
    NYLON,
    PEEK,
    PMMA,
    POLYETHYLENE,
    STEEL,
    TANTALUM,
    TITANIUM,
    WATER,
    Material,
)
from fluorosam_sim.tools.shapes import (
    Outline,
    Solid,
    box,
    cut,
    cylinder,
    disc,
    hull,
    polygon,
    prism,
    rectangle,
    ring,
    sphere,
    stroke,
    torus,
    union,
    without,
)
from fluorosam_sim.tools.sweeps import helix, loop, smooth, strip, sweep, thread, tube

Made = list[tuple[Solid, Material]]


def _bone_staple(width: float, leg: float) -> Made:
    bridge = box(width, 3.6, 2.2, (0, 0, -1.1))
    legs = []
    for s in (-1, 1):
        leg_solid = hull(
            box(2.2, 2.6, 0.5, (s * (width / 2 - 1.1), 0, -0.2)), box(0.5, 0.8, 0.3, (s * (width / 2 - 1.6), 0, leg))
        )
        barbs = [box(0.8, 3, 0.7, (s * (width / 2 - 0.1), 0, z)) for z in np.arange(0.3 * leg, 0.8 * leg, 2.4)]
        legs.append(leg_solid + union(barbs))
    return [(union([bridge, *legs]), NITINOL)]


def _skin_staple() -> Made:
    path = smooth(
        [(-0.8, 0, 3.4), (-3.0, 0, 2.6), (-3.3, 0, 0), (0, 0, -0.3), (3.3, 0, 0), (3.0, 0, 2.6), (0.8, 0, 3.4)], 40
    )
    return [(tube(path, 0.29, corners=8), STEEL)]


def _anastomosis_ring(diameter: float) -> Made:
    """The double row of B-shaped staples that a circular stapler leaves."""
    staples = []
    for row, (r, shift) in enumerate(((diameter / 2, 0.0), (diameter / 2 - 2.4, 0.5))):
        count = 18 - 2 * row
        for n in range(count):
            path = smooth(
                [
                    (-0.4, 0, 1.2),
                    (-1.5, 0, 0.9),
                    (-1.8, 0, 0),
                    (0, 0, -0.15),
                    (1.8, 0, 0),
                    (1.5, 0, 0.9),
                    (0.4, 0, 1.2),
                ],
                16,
            )
            turn = 360 * (n + shift) / count
            staples.append(tube(path, 0.12, corners=5).translate((0, r, 0)).rotate((0, 0, turn)))
    return [(union(staples), TITANIUM)]


def _ligating_clip(length: float, wire: float) -> Made:
    path = smooth([(0.55 * wire, 0, length / 2), (0.6 * wire, 0, 0.1 * length), (0.7 * wire, 0, -0.4 * length),
        (0, 0, -length / 2), (-0.7 * wire, 0, -0.4 * length),
                   (-0.6 * wire, 0, 0.1 * length), (-0.55 * wire, 0, length / 2)], 44)  # fmt: skip
    return [(tube(path, wire / 2, corners=8), TITANIUM)]


def _sternal_wire() -> Made:
    angle = 2 * np.pi * np.arange(56) / 56
    ring_path = np.column_stack([17 * np.cos(angle), 9 * np.sin(angle), 0.5 * np.cos(2 * angle)])
    turn = np.linspace(0, 8 * np.pi, 60)
    twist = [
        tube(
            np.column_stack([0.45 * np.cos(turn + p), -9 - np.linspace(0, 7, 60), 0.45 * np.sin(turn + p)]),
            0.4,
            corners=8,
        )
        for p in (0, np.pi)
    ]
    return [(union([loop(ring_path, 0.4, 8), *twist]), STEEL)]


def _tack() -> Made:
    return [(tube(helix(1.9, 1.1, 3.4, 16), 0.3, corners=6) + box(3.6, 0.8, 0.7), TITANIUM)]


def _bead(diameter: float, material: Material) -> Made:
    return [(sphere(diameter / 2), material)]


def _seed(length: float, diameter: float, material: Material, knurled: bool) -> Made:
    body = cylinder(diameter / 2, -length / 2, length / 2)
    if knurled:
        body = cut(
            body, [ring(diameter, 0.4 * diameter, z, z + 0.25) for z in np.arange(-0.4 * length, 0.4 * length, 0.6)]
        )
    return [(body, material)]


def _brachy_seed() -> Made:
    shell = hull(*[sphere(0.4, (0, 0, z)) for z in (-1.85, 1.85)])
    core = cylinder(0.25, -1.5, 1.5)
    return [(shell - cylinder(0.3, -1.6, 1.6), TITANIUM), (core, GOLD)]


_LETTERS: dict[str, tuple[tuple[tuple[float, float], ...], ...]] = {
    "L": (((-5, 9), (-5, -9), (6, -9)),),
    "R": (((-5, -9), (-5, 9), (2, 9), (5.5, 7), (5.5, 2), (2, 0), (-5, 0)), ((0, 0), (6, -9))),
}


def _letter(which: str) -> Made:
    lines = [stroke(line, 3.2) for line in _LETTERS[which]]
    outline = lines[0]
    for line in lines[1:]:
        outline = outline + line
    plate = prism(rectangle(26, 32, 3), -1.5, 1.5)
    metal = prism(outline, -0.6, 0.6)
    return [(metal.rotate((90, 0, 0)), LEAD), ((plate - metal).rotate((90, 0, 0)), PMMA)]


def _scaling_ball(diameter: float) -> Made:
    stalk = cylinder(2.2, diameter / 2 - 0.2, 60) + cylinder(16, 60, 65)
    ball = sphere(diameter / 2)
    return [(ball, STEEL), (stalk - ball, POLYETHYLENE)]


def _breast_wire() -> Made:
    path = smooth([(0, 0, -100), (5, 0, -30), (0, 0, 20), (0, 0, 36)], 50)
    hook = tube(smooth([(0, 0, 35.8), (1.0, 0, 36.2), (3.2, 0, 31), (4.6, 0, 26)], 16), 0.2, corners=6)
    return [(tube(path, 0.2, corners=6) + hook, STEEL)]


def _sponge() -> Made:
    """A folded gauze with its opaque thread: what is looked for when the count is wrong."""
    t = np.linspace(0, 5 * np.pi, 110)
    path = np.column_stack(
        [22 * np.sin(t) + 4 * np.sin(2.7 * t), 5 * np.sin(0.7 * t), np.linspace(-30, 30, 110) + 6 * np.cos(1.7 * t)]
    )
    thread = tube(path, 0.5, corners=6)
    cloth = hull(box(62, 10, 66), box(50, 16, 56)) - hull(box(58, 8, 62), box(46, 13, 52))
    return [(thread, BARIUM_STRIPE), (cloth - thread, NYLON)]


def _ruler(length: float, width: float, base: Material) -> Made:
    """Metal ticks every 5 mm, longer ones every 10, longest every 50, in a clear strip."""
    ticks = []
    for n, z in enumerate(np.arange(0, length - 9, 5.0)):
        reach = width * (0.75 if n % 10 == 0 else 0.5 if n % 2 == 0 else 0.28)
        ticks.append(box(reach, 0.6, 0.7, (-width / 2 + reach / 2 + 0.5, 0, z - length / 2 + 5)))
        if n % 10 == 0:
            ticks += [
                sphere(0.9, (0.38 * width - 2.4 * k, 0, z - length / 2 + 5 + 2.4)) for k in range(min(n // 10, 6))
            ]
    marks = union(ticks)
    return [(marks, LEAD), (box(width, 2.2, length) - marks, base)]


def _grid(size: float, pitch: float) -> Made:
    places = np.arange(-size / 2 + pitch / 2, size / 2, pitch)
    wires = [box(0.6, 0.6, size - 2, (float(x), 0, 0)) for x in places] + [
        box(size - 2, 0.6, 0.6, (0, 0, float(x))) for x in places
    ]
    metal = union(wires)
    return [(metal, COPPER), (box(size, 3, size) - metal, PMMA)]


def _tracker(arms: tuple[tuple[float, float], ...]) -> Made:
    """A navigation array: four reflecting spheres on arms, a clamp below."""
    frame = union(
        [prism(stroke([(0, 0), arm], 8), -2, 2) for arm in arms]
        + [cylinder(5, -45, 0).rotate((90, 0, 0)).rotate((180, 0, 0)), box(14, 16, 12, (0, -48, 0))]
    )
    posts = [cylinder(1.8, 1.9, 8).translate((x, y, 0)) for x, y in arms]
    balls = [sphere(5.75, (x, y, 13)) for x, y in arms]
    turn = (90.0, 0.0, 0.0)
    return [
        ((union([frame, *posts]) - union(balls)).rotate(turn), ALUMINIUM),
        (union(balls).rotate(turn), POLYETHYLENE),
    ]


def _fixator_clamp() -> Made:
    body = (
        box(22, 30, 24)
        - cylinder(5.5, -40, 40).translate((-1, 8, 0))
        - cylinder(2.5, -40, 40).rotate((0, 90, 0)).translate((0, -8, 0))
    )
    slit = box(60, 1.6, 60)
    bolt = cylinder(4, -19, 19).rotate((90, 0, 0)) + cylinder(7, 15, 21).rotate((90, 0, 0))
    return [(body - slit - bolt, ALUMINIUM), (bolt - cylinder(5.5, -40, 40).translate((-1, 8, 0)), STEEL)]


def _fixator_ring(diameter: float) -> Made:
    r = diameter / 2
    flat = without(
        disc(r + 9) - disc(r - 9), [disc(3.6, r * np.cos(a), r * np.sin(a)) for a in 2 * np.pi * np.arange(36) / 36]
    )
    return [(prism(flat, -2.5, 2.5), CARBON)]


def _step_wedge(steps: int, rise: float, depth: float) -> Made:
    corners = (
        [(0.0, 0.0)]
        + [p for n in range(steps) for p in ((n * depth, (n + 1) * rise), ((n + 1) * depth, (n + 1) * rise))]
        + [(steps * depth, 0.0)]
    )
    return [(prism(polygon(corners), -20, 20).translate((-steps * depth / 2, 0, 0)).rotate((0, 90, 0)), ALUMINIUM)]


def _line_pairs() -> Made:
    """Groups of lead bars, from 0.5 to 3 line pairs a millimetre, in plastic."""
    bars, z = [], -32.0
    for pairs in (0.5, 0.7, 1.0, 1.4, 2.0, 3.0):
        width = 0.5 / pairs
        bars += [box(24, 0.1, width, (0, 0, z + 2 * width * n)) for n in range(5)]
        z += 10 * width + 4.0
    metal = union(bars)
    return [(metal, LEAD), (box(36, 3, 84, (0, 0, -4)) - metal, PMMA)]


def _ball_phantom() -> Made:
    """A helix of steel balls of two sizes in a plastic cylinder, to find a C-arm's geometry."""
    path = helix(35, 70 / 1.5, 1.5, 10)
    balls = union(
        [sphere(3.2 if n in (4, 9) else 1.6, (float(x), float(y), float(z - 35))) for n, (x, y, z) in enumerate(path)]
    )
    return [(balls, STEEL), (ring(40, 30, -50, 50) - balls, PMMA)]


def _cube_phantom() -> Made:
    ball = sphere(2.5)
    return [(ball, STEEL), (box(50, 50, 50) - ball, PMMA)]


def _water_cylinder(diameter: float, height: float) -> Made:
    r = diameter / 2
    inside = cylinder(r - 3, -height / 2 + 5, height / 2 - 5)
    rods = [(x, m) for x, m in ((-0.5, PEEK), (0.5, ALUMINIUM))]
    pieces = [(cylinder(6, -height / 2 + 6, height / 2 - 6).translate((x * r, 0, 0)), m) for x, m in rods]
    return [
        (cylinder(r, -height / 2, height / 2) - inside, PMMA),
        (inside - union([p for p, _ in pieces]), WATER),
        *pieces,
    ]


def _contrast_disc() -> Made:
    holes = [
        cylinder(2.0 + 0.7 * n, 10 - 1.2 * n, 11).translate((34 * np.cos(a), 34 * np.sin(a), 0))
        for n, a in enumerate(2 * np.pi * np.arange(8) / 8)
    ]
    return [(cut(cylinder(50, 0, 10), holes), ALUMINIUM)]


def _dental_implant() -> Made:
    body = thread(1.5, 2.05, 0.8, 1, 10.5) + cylinder(1.55, 10.2, 11.5, 0.9) + cylinder(2.05, -0.5, 1.2)
    crown = hull(cylinder(2.2, -3, -0.52), box(6.5, 7.5, 3, (0, 0, -6)), box(4.5, 5, 1, (0, 0, -9)))
    return [(body, TITANIUM), (crown, GOLD)]


def _intrauterine() -> Made:
    stem = cylinder(0.8, 0, 32)
    arms = sweep(smooth([(-15, 0, 5), (-9, 0, 1), (0, 0, 0), (9, 0, 1), (15, 0, 5)], 30), strip(1.6, 1.5))
    wire = tube(helix(0.98, 0.55, 36, 10), 0.14, corners=4).translate((0, 0, 6))
    return [((stem + arms) - wire, POLYETHYLENE), (wire, COPPER)]


def _ring_marker(diameter: float) -> Made:
    return [(torus(diameter / 2, 0.7), STEEL)]


def _crosshair() -> Made:
    flat = Outline.square((60, 0.8), True) + Outline.square((0.8, 60), True) + (disc(20.4) - disc(19.6))
    metal = prism(flat, -0.25, 0.25)
    return [(metal.rotate((90, 0, 0)), COPPER), ((cylinder(34, -1, 1) - metal).rotate((90, 0, 0)), PMMA)]


def _tool(key: str, family: str, noun: str, aliases: tuple[str, ...], sizes: tuple[str, ...], length: float,
    maker: partial[Made], site: Site | None = None,
          kind: Kind = "instrument") -> Tool:  # fmt: skip
    return Tool(
        key, " ".join((noun, *sizes)), family, kind, length, Words(noun, noun + "s", aliases, sizes), maker, site
    )


_BELLY = Site("organ", ("liver", "spleen", "colon"))
_PROSTATE = Site("organ", ("prostate",))
_ANY_BONE = Site("organ", ("femur", "tibia", "humerus", "hip"))
_ARRAY = ((0.0, 62.0), (-48.0, 20.0), (40.0, 26.0), (8.0, -4.0))

TOOLS: tuple[Tool, ...] = (
    *(_tool(f"bone_staple_{w}", "staples", "bone staple", ("compression staple", "osteotomy staple", "memory staple"),
          (f"{w} mm",), w,
            partial(_bone_staple, w, leg), Site("surface", ("tibia", "radius", "metatarsal"), 0.1, 0.05),
            "implant") for w, leg in ((15, 14), (25, 20))),
    _tool("skin_staple", "staples", "skin staple", ("wound staple", "metal skin clip", "surgical staple"), (), 7,
        partial(_skin_staple), None, "implant"),
    _tool("anastomosis_staples_29", "staples", "ring of anastomosis staples",
        ("staple line", "circular staple line", "bowel staples"), ("29 mm",), 30,
          partial(_anastomosis_ring, 29), Site("organ", ("colon",)), "implant"),
    *(_tool(f"ligating_clip_{n}", "clips", "ligating clip", ("surgical clip", "haemostatic clip", "hemoclip",
          "vessel clip"), (f"{n} mm",), n, partial(_ligating_clip, n, w),
            _BELLY, "implant") for n, w in ((6, 0.8), (11, 1.2))),
    _tool("sternal_wire", "staples", "sternal wire", ("sternotomy wire", "sternal cerclage", "chest wire"), (), 34,
        partial(_sternal_wire), Site("organ", ("sternum",)), "implant"),
    _tool("hernia_tack", "staples", "hernia mesh tack", ("helical tack", "mesh tacker spiral", "spiral tack"), (),
        4.3, partial(_tack), Site("organ", ("small_bowel",)), "implant"),
    _tool("tantalum_bead_1", "markers", "tantalum bead", ("RSA bead", "tantalum marker", "RSA marker"), ("1 mm",), 1,
        partial(_bead, 1, TANTALUM), _ANY_BONE, "implant"),
    *(_tool(f"steel_ball_{d}", "markers", "steel ball marker", ("BB", "ball bearing marker", "metal bead"),
          (f"{d} mm",), d, partial(_bead, d, STEEL)) for d in (2, 5)),
    _tool("gold_fiducial_3", "markers", "gold fiducial marker", ("fiducial", "gold seed", "gold marker"), ("3 mm",),
        3, partial(_seed, 3, 1.0, GOLD, True), _PROSTATE, "implant"),
    _tool("brachytherapy_seed", "markers", "brachytherapy seed", ("iodine seed", "radioactive seed", "prostate seed"),
        (), 4.5, partial(_brachy_seed), _PROSTATE, "implant"),
    *(_tool(f"side_marker_{which.lower()}", "markers", f"lead letter {which}",
          (f"{which} marker", f"side marker {which}", f"letter {which}"), (), 32, partial(_letter, which))
      for which in ("L", "R")),
    _tool("scaling_ball_25", "markers", "scaling ball", ("calibration ball", "magnification marker",
        "templating ball"), ("25 mm",), 78, partial(_scaling_ball, 25)),
    _tool("localization_wire", "markers", "breast localization wire", ("hook wire", "Kopans wire", "localizer wire"),
        (), 137, partial(_breast_wire)),
    _tool("surgical_sponge", "markers", "surgical sponge", ("gauze", "retained sponge", "swab with a thread",
        "lap pad"), (), 66, partial(_sponge)),
    _tool("crosshair_marker", "markers", "crosshair marker", ("aiming marker", "cross marker", "sight"), (), 68,
        partial(_crosshair)),
    _tool("navigation_array", "markers", "navigation array", ("tracker", "reference array", "patient tracker",
        "reflective spheres"), (), 125, partial(_tracker, _ARRAY)),
    *(_tool(f"ruler_{n}", "rulers", "radiopaque ruler", ("ruler", "measuring strip", "X-ray ruler"), (f"{n} mm",), n,
          partial(_ruler, n, w, base))
      for n, w, base in ((200, 22, PMMA), (500, 30, PMMA))),
    _tool("alignment_grid_200", "rulers", "alignment grid", ("grid plate", "leg alignment grid", "copper grid"),
        ("200 mm",), 200, partial(_grid, 200, 20)),
    _tool("step_wedge", "phantoms", "aluminium step wedge", ("step wedge", "penetrometer", "stair phantom"), (), 90,
        partial(_step_wedge, 9, 4, 10)),
    _tool("line_pair_phantom", "phantoms", "line pair phantom", ("resolution phantom", "bar pattern",
        "Huettner phantom"), (), 84, partial(_line_pairs)),
    _tool("ball_phantom", "phantoms", "helical ball phantom", ("calibration phantom", "geometry phantom",
        "bead helix"), (), 100, partial(_ball_phantom)),
    _tool("cube_phantom", "phantoms", "ball cube phantom", ("Winston-Lutz cube", "isocentre cube",
        "isocenter phantom"), (), 50, partial(_cube_phantom)),
    _tool("water_phantom", "phantoms", "water cylinder phantom", ("water phantom", "cylinder phantom", "CT phantom"),
        (), 160, partial(_water_cylinder, 140, 160)),
    _tool("contrast_phantom", "phantoms", "contrast detail phantom", ("low contrast phantom", "hole plate",
        "detail phantom"), (), 100, partial(_contrast_disc)),
    _tool("fixator_clamp", "fixators", "external fixator clamp", ("rod-to-pin clamp", "fixator clamp",
        "ex-fix clamp"), (), 40, partial(_fixator_clamp)),
    _tool("fixator_ring_160", "fixators", "external fixator ring", ("Ilizarov ring", "ring fixator", "frame ring"),
        ("160 mm",), 178, partial(_fixator_ring, 160),
          Site("canal", ("tibia",), 0.5, 0.2), "implant"),
    _tool("dental_implant", "markers", "dental implant with crown", ("tooth implant", "implant crown",
        "dental screw"), (), 21, partial(_dental_implant), Site("organ", ("skull",)), "implant"),
    _tool("intrauterine_device", "coils", "copper intrauterine device", ("IUD", "copper coil", "contraceptive coil"),
        (), 32, partial(_intrauterine), Site("organ", ("urinary_bladder",)), "implant"),
    _tool("ring_marker_15", "markers", "ring marker", ("wire ring", "skin ring marker", "lesion ring"), ("15 mm",),
        16, partial(_ring_marker, 15)),
)  # fmt: skip
