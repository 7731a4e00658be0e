"""Prostheses of knee, shoulder and other joints.

Each stands as in a right limb: z towards the foot, x to the outside, y to the back, the joint's centre at the origin.
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import numpy as np

from fluorosam_sim.tools.definition import Site, Tool, Words
from fluorosam_sim.tools.materials import (
    COBALT,
    POLYETHYLENE,
    SILICONE,
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
    ellipsoid,
    hull,
    loft,
    prism,
    rectangle,
    revolved,
    ring,
    sphere,
    union,
)
from fluorosam_sim.tools.sweeps import thread

Made = list[tuple[Solid, Material]]


def _femoral_component(size: float) -> Solid:
    """size: width in mm. A J-shaped shell with two condyles and pegs."""
    k = size / 66
    curve = [(-25, -42), (-27, -22), (-22, -4), (-6, 3), (10, 2), (23, -7), (27, -20), (24, -31)]
    thick = [5, 6, 9, 9, 9, 9, 8, 6]
    pieces = [hull(*[prism(disc(t * k / 2, y * k, z * k), -size / 2 * f, size / 2 * f) for (y, z), t, f in (a, b)])
              for a, b in pairwise(zip(curve, thick, (0.6, 0.8, 1, 1, 1, 1, 1, 0.97), strict=True))]  # fmt: skip
    # Drawn with (y, z) in the plane: the prism's axis becomes x.
    shell = union(pieces).transform(np.array([[0, 0, 1, 0], [1, 0, 0, 0], [0, 1, 0, 0]], float))
    notch = box(17 * k, 60 * k, 60 * k, (0, 28 * k, -10 * k))
    groove = cylinder(9 * k, -60 * k, 0, 9 * k).translate((0, -35 * k, 10 * k))
    pegs = union([cylinder(3.2 * k, -16 * k, 0, 3.2 * k).translate((x * k, 4 * k, 0)) for x in (-20, 20)])
    return cut(shell, [notch, groove]) + pegs


def _tray(size: float, keel: float, insert: float) -> Solid:
    k = size / 72
    plate = prism(_tibial_outline(k), 4 + insert, 7.5 + insert)
    z = 7.4 + insert
    stem = cylinder(7.5 * k, z, z + keel, 5.5 * k)
    fins = hull(box(46 * k, 3, 1, (0, 2, z)), box(10 * k, 3, 1, (0, 2, z + 0.65 * keel)))
    return union([plate, stem, fins])


def _tibial_outline(k: float) -> Outline:
    lobe = disc(22 * k, -14 * k, 0) + disc(22 * k, 14 * k, 0)
    return lobe.hull() - disc(9 * k, 0, 26 * k)


def _insert(size: float, height: float, femoral: Solid) -> Solid:
    k = size / 72
    block = prism(_tibial_outline(k), -2.0, 4.0 + height - 0.02)
    dishes = [ellipsoid(17 * k, 30 * k, 12 * k, (x * k, 3, -9 * k)) for x in (-18, 18)]
    return cut(block, [*dishes, femoral])


def _total_knee(size: float, insert: float) -> Made:
    femoral = _femoral_component(size)
    button = revolved([(0, 0), (15, 0), (15, 3), (8, 7.5), (0, 9)]).rotate((-90, 0, 0)).translate((0, -44, -14))
    return [(femoral, COBALT), (_tray(size * 1.07, 42, insert - 4), TITANIUM),
        (_insert(size * 1.07, insert - 4, femoral), POLYETHYLENE),
            (button - femoral, POLYETHYLENE)]  # fmt: skip


def _femoral_only(size: float) -> Made:
    return [(_femoral_component(size), COBALT)]


def _tray_only(size: float, keel: float) -> Made:
    return [(_tray(size, keel, 4.0), TITANIUM)]


def _insert_only(height: float) -> Made:
    return [(_insert(72, height - 4, _femoral_component(67)), POLYETHYLENE)]


def _unicompartmental() -> Made:
    femoral = _femoral_component(66) ^ box(24, 60, 80, (21, 20, -10))
    tray = prism(_tibial_outline(1.0), 10.5, 13.5) ^ box(27, 99, 99, (23, 0, 0))
    keel = box(3, 30, 9, (22, 0, 16))
    insert = (prism(_tibial_outline(1.0), 4.2, 10.45) ^ box(24, 99, 99, (23, 0, 0))) - femoral
    return [(femoral, COBALT), (tray + keel, COBALT), (insert, POLYETHYLENE)]


def _hinged_knee() -> Made:
    stem = cylinder(6.0, -170, -25, 8.0)
    femoral = (_femoral_component(66) + stem + box(30, 40, 12, (0, 4, -24))) - box(15.5, 30, 24, (0, 8, -8))
    axle = cylinder(4.5, -33, 33).rotate((0, 90, 0)).translate((0, 8, -12))
    femoral = femoral - cylinder(4.6, -40, 40).rotate((0, 90, 0)).translate((0, 8, -12))
    yoke = box(14.5, 18, 26, (0, 8, -2)) - cylinder(4.6, -40, 40).rotate((0, 90, 0)).translate((0, 8, -12))
    tibial = union([_tray(72, 30, 4.0), cylinder(7.0, 15, 150, 5.0), yoke, cylinder(6, 8, 14).translate((0, 6, 0))])
    insert = cut(_insert(72, 4.0, femoral), [tibial])
    return [(femoral, COBALT), (axle, COBALT), (tibial - femoral, TITANIUM), (insert, POLYETHYLENE)]


def _stem_extension(diameter: float, length: float) -> Made:
    away = [box(1.6, 40, 0.45 * length, (0, 0, length))]
    away += [box(1.2, 3, 0.8 * length).translate((0, s * diameter / 2, 0.6 * length)) for s in (-1, 1)]
    body = cylinder(diameter / 2, 8, length - 4) + cylinder(diameter / 2, length - 4.1, length, 0.6 * diameter / 2)
    return [(cut(body + cylinder(5, 0, 8.1), away), TITANIUM)]


def _shoulder(head: float, length: float) -> Made:
    """Anatomic: a cap on a stem, a pegged polyethylene socket facing it."""
    aim = np.array([-0.72, 0.0, -0.69])
    cap = aligned(sphere(head / 2) ^ box(99, 99, 0.4 * head, (0, 0, 0.5 * head)), aim, 0.3 * head * -aim)
    stem = loft([(8, rectangle(26, 16, 6).translate((10, 0))), (34, rectangle(14, 12, 5).translate((17, 0))),
                 (length, rectangle(9, 9, 4).translate((19, 0)))])  # fmt: skip
    neck = aligned(cylinder(7, -30, 1), aim)
    socket = revolved([(0, 0), (16, 0), (16, 4.5), (0, 3.0)]) + union(
        [cylinder(2.8, -11, 0.5).translate((x, y, 0)) for x, y in ((0, 0), (8, 0), (-8, 0))]
    )
    return [(cap - (stem + neck), COBALT), (stem + neck, TITANIUM),
            (aligned(socket, (1, 0, 0), (-0.62 * head, 0, -6)) - cap, POLYETHYLENE)]  # fmt: skip


def _reverse_shoulder(length: float) -> Made:
    sphere_part = sphere(19) ^ box(26, 99, 99, (6, 0, 0))
    plate = cylinder(13.5, -4, 0).rotate((0, 90, 0)).translate((-7.1, 0, 0))
    screws = union(
        [
            aligned(thread(1.7, 2.4, 1.5, 0, 32, corners=10), (-1, 0, dz), (-11, 0, z))
            for z, dz in ((-8, -0.3), (8, 0.3))
        ]
    )
    peg = cylinder(4, -22, -4).rotate((0, 90, 0)).translate((-7.1, 0, 0))
    aim = np.array([0.72, 0.0, 0.69])
    cup = aligned(revolved([(19.2, 0), (19.4, 9), (9, 24), (0, 24), (0, 19.3), (8, 17.5), (15, 12)]), aim)
    stem = loft([(22, rectangle(20, 16, 6).translate((20, 0))), (46, rectangle(13, 12, 5).translate((23, 0))),
                 (length, rectangle(9, 9, 4).translate((24, 0)))])  # fmt: skip
    return [(sphere_part - plate, COBALT), (union([plate, screws, peg]), TITANIUM), (cup - stem, POLYETHYLENE),
            (stem - sphere(19.2), TITANIUM)]  # fmt: skip


def _elbow() -> Made:
    hinge = cylinder(5, -14, 14).rotate((0, 90, 0))
    upper = hull(box(18, 10, 4, (0, 0, -12)), box(9, 7, 2, (0, -3, -36))) + hull(
        box(8, 7, 1, (0, -3, -35)), box(4, 4, 1, (0, -3, -130)))  # fmt: skip
    bushing = ring(7.6, 5.05, -9, 9).rotate((0, 90, 0))
    lower = hull(box(17.5, 9, 2, (0, 0, 12)), box(7, 6, 2, (0, 0, 34))) + hull(
        box(6, 6, 1, (0, 0, 34)), box(4, 3.5, 1, (0, 4, 105))
    )
    lower = lower - cylinder(7.7, -30, 30).rotate((0, 90, 0))
    upper = upper - cylinder(7.7, -30, 30).rotate((0, 90, 0))
    return [(hinge, COBALT), (bushing, POLYETHYLENE), (upper, TITANIUM), (lower, TITANIUM)]


def _radial_head(diameter: float) -> Made:
    r = diameter / 2
    return [
        (
            revolved([(0, 1.6), (0.75 * r, 0), (r, 1), (r, 8), (0.7 * r, 11), (4, 13), (3.2, 16), (2.4, 36), (0, 38)]),
            COBALT,
        )
    ]


def _finger() -> Made:
    hub = box(11, 8, 11) - prism(disc(2.4, 0, 6), -20, 20).rotate((0, 90, 0)).rotate((90, 0, 0)).translate((0, 6, 0))
    return [(union([hub, hull(box(6, 5, 1, (0, 0, 5)), box(2.2, 2, 1, (0, 0, 24))),
                    hull(box(7, 5.5, 1, (0, 0, -5)), box(2.4, 2.2, 1, (0, 0, -28)))]), SILICONE)]  # fmt: skip


def _ankle() -> Made:
    tibial = union([prism(rectangle(30, 38, 5), -9, -5), *[cylinder(3, -16, 16).rotate((90, 0, 0)).translate((x, 0,
        -12)) for x in (-8, 8)],
                    *[box(2.5, 30, 5, (x, 0, -9.5)) for x in (-8, 8)]])  # fmt: skip
    dome = cylinder(20, -14, 14).rotate((0, 90, 0)).translate((0, 0, 20))
    talar = (dome ^ box(99, 36, 8, (0, 0, 4.2))) - cylinder(17.5, -20, 20).rotate((0, 90, 0)).translate((0, 0, 20))
    insert = (prism(rectangle(27, 30, 4), -4.95, 6)) - dome
    return [(tibial, TITANIUM), (talar + cylinder(2.5, 2.2, 12), COBALT), (insert, POLYETHYLENE)]


def _tool(key: str, name: str, family: str, noun: str, aliases: tuple[str, ...], sizes: tuple[str, ...], length: float,
          maker: partial[Made], site: Site) -> Tool:  # fmt: skip
    plural = noun.replace("prosthesis", "prostheses") if noun.endswith("prosthesis") else noun + "s"
    return Tool(key, name, family, "implant", length, Words(noun, plural, aliases, sizes), maker, site)


_KNEE_FEMUR, _KNEE_TIBIA = Site("joint", ("femur",), 1.0), Site("joint", ("tibia",), 0.0)
_SHOULDER = Site("joint", ("humerus",), 0.0)
_TKA = ("TKA", "total knee arthroplasty", "artificial knee", "knee replacement", "total knee")

TOOLS: tuple[Tool, ...] = (
    *(_tool(f"total_knee_{size}", f"total knee prosthesis size {size}", "knee_prostheses", "total knee prosthesis",
          _TKA,
            (f"size {size}",), 92, partial(_total_knee, w, i), _KNEE_FEMUR) for size, w,
            i in ((3, 60, 9), (5, 66, 11), (7, 72, 10))),
    *(_tool(f"femoral_component_{size}", f"femoral knee component size {size}", "knee_prostheses",
          "femoral knee component",
            ("femoral component", "femoral shield", "condylar component"), (f"size {size}",), w,
            partial(_femoral_only, w),
            _KNEE_FEMUR) for size, w in ((6, 69),)),
    *(_tool(f"tibial_tray_{size}", f"tibial tray size {size}", "knee_prostheses", "tibial tray",
            ("tibial component", "tibial baseplate", "tray with a keel"), (f"size {size}",), w,
            partial(_tray_only, w, k), _KNEE_TIBIA)
      for size, w, k in ((5, 72, 44),)),
    _tool("knee_insert_10", "polyethylene knee insert 10 mm", "knee_prostheses", "polyethylene knee insert",
          ("poly insert", "tibial insert", "inlay"), ("10 mm",), 72, partial(_insert_only, 10), _KNEE_TIBIA),
    _tool("unicompartmental_knee", "unicompartmental knee prosthesis", "knee_prostheses",
        "unicompartmental knee prosthesis",
          ("UKA", "uni knee", "partial knee replacement", "Oxford knee"), (), 60, partial(_unicompartmental),
          _KNEE_FEMUR),
    _tool("hinged_knee", "hinged knee prosthesis", "knee_prostheses", "hinged knee prosthesis",
          ("hinge knee", "constrained knee", "revision knee prosthesis"), (), 320, partial(_hinged_knee), _KNEE_FEMUR),
    _tool("stem_extension_14x120", "stem extension 14 mm × 120 mm", "knee_prostheses", "stem extension",
          ("press-fit stem", "revision stem extension"), ("14 mm", "120 mm"), 120, partial(_stem_extension, 14, 120),
          Site("canal", ("tibia",))),
    *(_tool(f"shoulder_prosthesis_{d}", f"anatomic shoulder prosthesis {d} mm", "joint_prostheses",
          "anatomic shoulder prosthesis",
            ("TSA", "shoulder replacement", "total shoulder"), (f"{d} mm",), n + 20, partial(_shoulder, d, n),
            _SHOULDER)
      for d, n in ((44, 90), (50, 110))),
    _tool("reverse_shoulder", "reverse shoulder prosthesis", "joint_prostheses", "reverse shoulder prosthesis",
          ("RSA", "reverse total shoulder", "inverse shoulder"), (), 135, partial(_reverse_shoulder, 115), _SHOULDER),
    _tool("elbow_prosthesis", "linked elbow prosthesis", "joint_prostheses", "linked elbow prosthesis",
          ("TEA", "elbow replacement", "hinged elbow"), (), 235, partial(_elbow), Site("joint", ("humerus",), 1.0)),
    _tool("radial_head_22", "radial head prosthesis 22 mm", "joint_prostheses", "radial head prosthesis",
          ("radial head implant", "radius head"), ("22 mm",), 38, partial(_radial_head, 22),
          Site("joint", ("radius",), 0.0)),
    _tool("ankle_prosthesis", "ankle prosthesis", "joint_prostheses", "ankle prosthesis",
          ("TAR", "ankle replacement", "artificial ankle"), (), 40, partial(_ankle), Site("joint", ("tibia",), 1.0)),
    _tool("finger_prosthesis", "silicone finger prosthesis", "joint_prostheses", "silicone finger prosthesis",
          ("Swanson implant", "finger joint spacer", "MCP implant"), (), 52, partial(_finger),
          Site("joint", ("metacarpal",), 1.0)),
)  # fmt: skip
