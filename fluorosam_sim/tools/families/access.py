"""Needles, trocars and what is passed through them."""

from __future__ import annotations

from functools import partial
from typing import Literal

import numpy as np

from fluorosam_sim.tools.definition import Site, Tool, Words
from fluorosam_sim.tools.families.cutting import tee
from fluorosam_sim.tools.families.grasping import Branches, branches_of
from fluorosam_sim.tools.materials import ALUMINA, PEEK, PMMA, PVC, STEEL, Material
from fluorosam_sim.tools.shapes import Solid, box, cylinder, hexagon, prism, revolved, ring, sphere, torus, union
from fluorosam_sim.tools.sweeps import arc, oval, smooth, sweep, tube

Made = list[tuple[Solid, Material]]
Hub = Literal["luer", "wings", "tee", "block"]


def _bevel(solid: Solid, radius: float, tip: float, degrees: float) -> Solid:
    """Grinds a rod along z to a slanted point."""
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return solid.trim_by_plane((-c, 0.0, -s), c * radius - s * tip)


def _hub(kind: Hub, back: float) -> tuple[Solid, Material]:
    if kind == "luer":
        body = revolved([(0.6, -22), (3.6, -22), (3.2, -8), (2.2, -4), (1.4, 0), (0.6, 0)])
        return (body + box(8, 1.2, 3, (0, 0, -20.4)) - cylinder(1.5, -30, -5)).translate((0, 0, back)), PVC
    if kind == "wings":
        return (cylinder(2.6, -16, 0, 1.6) + box(26, 1.2, 9, (0, 0, -7)) - cylinder(1.2, -30, -3)).translate(
            (0, 0, back)
        ), PVC
    if kind == "tee":
        return tee(62, 15, back - 8) + cylinder(6, back - 14, back, 4), PEEK
    return box(13, 9, 60, (0, 0, back - 30)) + box(20, 4, 8, (0, 0, back - 8)) + torus(9, 2).rotate(
        (90, 0, 0)
    ).translate((0, 0, back - 69)), PVC


def _needle(
    outer: float, bore: float, length: float, hub: Hub, bevel_deg: float = 15.0, bend: float = 0.0, stylet: bool = False
) -> Made:
    """Tip at +z; the hub begins at the origin."""
    r = outer / 2
    if bend:
        path = smooth([(0, 0, 0), (0, 0, 0.7 * length), (0, 0, length - 8), (bend, 0, length)], 30)
        shaft = tube(path, r, bore / 2, 12)
    else:
        shaft = _bevel(ring(r, bore / 2, 0, length), r, length, bevel_deg)
    body, material = _hub(hub, 0.0)
    parts: Made = [(shaft + ring(r, bore / 2, -2, 0.01), STEEL), (body - cylinder(r, -2.1, 99), material)]
    if stylet:
        parts[0] = (parts[0][0] + _bevel(cylinder(bore / 2 + 0.01, -2, length + 2), r, length + 1, 25), STEEL)
    return parts


def _core_biopsy(outer: float, length: float) -> Made:
    """A side-notched stylet half out of its cutting cannula, with a spring-loaded handle."""
    r = outer / 2
    inner = _bevel(cylinder(0.72 * r, 0, length + 22), 0.72 * r, length + 22, 20) - box(
        2 * r, 4 * r, 17, (0.9 * r, 0, length + 11)
    )
    body, material = _hub("block", 0.0)
    return [(ring(r, 0.71 * r, -5, length) + inner, STEEL), (body - cylinder(r, -5.1, 9), material)]


def _suture_needle(radius: float, wire: float, degrees: float) -> Made:
    path = arc(radius, 0, degrees, 36)
    scale = np.concatenate([np.full(28, wire / 2), np.linspace(wire / 2, 0.06, 8)])
    return [(tube(path - path.mean(axis=0), scale, corners=10), STEEL)]


def _syringe(inner: float, length: float) -> Made:
    r = inner / 2
    barrel = ring(r + 1, r, 0, length) + (
        cylinder(r + 1, length - 0.01, length + 2)
        + cylinder(2.2, length + 2, length + 11, 1.9)
        - cylinder(1.1, length - 9, length + 20)
    )
    barrel = barrel + (box(2 * r + 18, 2 * r, 2.2, (0, 0, 1.1)) - cylinder(r, -9, 9))
    plunger = union([box(2 * r - 1, 1.4, 0.7 * length, (0, 0, -0.1 * length)),
        box(1.4, 2 * r - 1, 0.7 * length, (0, 0, -0.1 * length)),
                     cylinder(r - 0.1, 0.24 * length, 0.24 * length + 5), cylinder(r + 1, -0.45 * length - 2,
                     -0.45 * length)])  # fmt: skip
    return [(barrel, PMMA), (plunger, PVC)]


def _trocar(diameter: float, length: float, blunt: bool) -> Made:
    """A ribbed cannula with its valve housing and an obturator."""
    r = diameter / 2
    sleeve = ring(r + 1.2, r + 0.2, -6, length)
    ribs = union([ring(r + 1.9, r + 0.2, z, z + 1.2) for z in np.arange(0.25 * length, 0.8 * length, 4.0)])
    housing = ring(2.1 * r + 5, r + 0.2, -36, -5.9) + cylinder(3, 0, 18).rotate((0, 90, 0)).translate(
        (2.1 * r + 3, 0, -18)
    )
    tip = cylinder(r, length + 2, length + 2 + 2.2 * r, 0.12 if not blunt else 0.45 * r)
    pin = union([cylinder(r, -45, length + 2.01), tip, cylinder(2 * r + 4, -52, -37)])
    return [
        (sleeve + ribs, PMMA if blunt else STEEL),
        (housing - cylinder(r + 1.3, -6.01, 9), PVC),
        (pin, STEEL if not blunt else PVC),
    ]


def _scope(diameter: float, length: float) -> Made:
    r = diameter / 2
    shaft = ring(r, 0.62 * r, -1, length)
    lenses = cylinder(0.6 * r, 5, length - 1)
    block = union(
        [
            cylinder(9, -28, -1, r + 2),
            cylinder(16, -40, -27.9),
            ring(14, 10, -46, -39.9),
            cylinder(4, 0, 32).rotate((90, 0, 0)).translate((0, -4, -18)),
        ]
    )
    return [(shaft + block, STEEL), (lenses, ALUMINA)]


def _laparoscopic(tip: Literal["grasper", "scissors"], length: float) -> Made:
    spec = Branches(
        60,
        22 if tip == "grasper" else 18,
        3.2,
        2.4,
        2.0 if tip == "grasper" else 1.0,
        "plain" if tip == "grasper" else "blade",
        opening_deg=30,
        rings=False,
        ratchet=False,
    )
    jaws = branches_of(spec) - box(99, 99, 99, (0, 0, -53))
    shaft = cylinder(2.5, 0, length - 20)
    fixed = sweep(smooth([(0, 0, -4), (0, -25, -14), (0, -62, -34)], 16), oval(10, 8), 1.0, (1, 0, 0)) + torus(
        14, 3
    ).rotate((0, 90, 0)).translate((0, -76, -42))
    moving = sweep(smooth([(0, -4, 12), (0, -34, 18), (0, -62, 16)], 16), oval(8, 7), 1.0, (1, 0, 0)) + torus(
        13, 3
    ).rotate((0, 90, 0)).translate((0, -74, 15))
    knob = prism(hexagon(18), -6, 6)
    return [
        (jaws.translate((0, 0, length - 17)) + shaft - knob, STEEL),
        (union([fixed, moving]) - shaft - knob, PVC),
        (knob, PEEK),
    ]


def _shaver(length: float) -> Made:
    tubes = (ring(2.75, 2.0, 0, length) + sphere(2.75, (0, 0, length)) - sphere(2.0, (0, 0, length))) - box(
        4, 9, 9, (3.2, 0, length - 1)
    )
    inner = ring(1.9, 1.2, 0, length - 4)
    return [(tubes + inner, STEEL), (union([cylinder(7, -30, 0, 4)]), PEEK), (cylinder(12, -150, -30.01), STEEL)]


def _veress() -> Made:
    needle = _bevel(ring(1.1, 0.75, 0, 120), 1.1, 120, 22)
    inner = cylinder(0.6, 0, 121) + sphere(0.6, (0, 0, 121))
    return [(needle + inner, STEEL), (union([cylinder(6, -45, -0.01, 4), cylinder(9, -32, -26)]), PVC)]


def _bone_needle(outer: float, length: float) -> Made:
    return _needle(outer, 0.72 * outer, length, "tee", 45.0, stylet=True)


def _tool(key: str, family: str, noun: str, aliases: tuple[str, ...], sizes: tuple[str, ...], length: float,
    maker: partial[Made],
          site: Site | None = None) -> Tool:  # fmt: skip
    plural = noun if noun.endswith("scissors") else noun + "s"
    return Tool(
        key, " ".join((noun, *sizes)), family, "instrument", length, Words(noun, plural, aliases, sizes), maker, site
    )


_VERTEBRAE = tuple(f"vertebrae_{level}" for level in ("T10", "T11", "T12", "L1", "L2", "L3", "L4", "L5"))
_PEDICLE = Site("pedicle", _VERTEBRAE)

TOOLS: tuple[Tool, ...] = (
    *(_tool(f"hypodermic_needle_{g}g", "needles", "hypodermic needle", ("injection needle", "syringe needle",
          f"{g} gauge needle"), (f"{g}G", f"{n} mm"),
            n + 22, partial(_needle, d, b, n, "luer")) for g, d, b, n in ((18, 1.27, 0.84, 40), (21, 0.82, 0.51, 40),
            (25, 0.51, 0.26, 25))),
    *(_tool(f"spinal_needle_{g}g", "needles", "spinal needle", ("lumbar puncture needle", "LP needle",
          f"{g} gauge spinal"), (f"{g}G", f"{n} mm"),
            n + 22, partial(_needle, d, b, n, "luer", 30.0)) for g, d, b, n in ((20, 0.9, 0.6, 150),
            (22, 0.71, 0.41, 90))),
    _tool("tuohy_needle_18g", "needles", "Tuohy needle", ("epidural needle", "Tuohy", "winged epidural needle"),
        ("18G", "90 mm"), 106,
          partial(_needle, 1.27, 0.9, 90, "wings", 20.0, 1.4)),
    _tool("chiba_needle_22g", "needles", "Chiba needle", ("fine needle", "skinny needle", "PTC needle"),
        ("22G", "200 mm"), 222,
          partial(_needle, 0.71, 0.41, 200, "luer", 25.0)),
    *(_tool(f"biopsy_needle_{g}g", "needles", "core biopsy needle", ("biopsy gun needle", "Tru-Cut", "core needle"),
          (f"{g}G", f"{n} mm"), n + 102,
            partial(_core_biopsy, d, n)) for g, d, n in ((16, 1.65, 160),)),
    *(_tool(f"jamshidi_needle_{g}g", "needles", "Jamshidi needle", ("bone marrow needle", "bone access needle",
          "trephine needle"), (f"{g}G", f"{n} mm"),
            n + 17, partial(_bone_needle, d, n), _PEDICLE) for g, d, n in ((8, 4.2, 150), (11, 3.05, 100))),
    _tool("vertebroplasty_needle_13g", "needles", "vertebroplasty needle", ("cement needle", "kyphoplasty cannula",
        "cement cannula"), ("13G", "125 mm"), 142,
          partial(_bone_needle, 2.4, 125), _PEDICLE),
    _tool("veress_needle", "needles", "Veress needle", ("insufflation needle", "pneumoperitoneum needle"),
        ("120 mm",), 167, partial(_veress)),
    *(_tool(f"suture_needle_{n}", "needles", "curved suture needle", ("suture needle", "lost needle",
          "half-circle needle"), (f"{n} mm",), round(2 * n / np.pi * 1.02, 1),
            partial(_suture_needle, n / np.pi, w, 180)) for n, w in ((17, 0.6), (37, 1.0))),
    _tool("syringe_10", "needles", "syringe", ("10 cc syringe", "injection syringe", "plastic syringe"), ("10 ml",),
        125, partial(_syringe, 14.5, 80)),
    *(_tool(f"trocar_{d}", "trocars", "trocar", ("port", "laparoscopic port", "cannula with obturator", f"{d} port"),
          (f"{d} mm", f"{n} mm"), n + 60,
            partial(_trocar, d, n, blunt)) for d, n, blunt in ((5, 75, True), (10, 100, False), (12, 100, True))),
    _tool("arthroscope_4", "trocars", "arthroscope", ("scope", "joint camera", "arthroscopy camera"), ("4 mm",), 220,
        partial(_scope, 4, 175)),
    _tool("laparoscope_10", "trocars", "laparoscope", ("scope", "abdominal camera", "lap camera"), ("10 mm",), 365,
        partial(_scope, 10, 320)),
    _tool("laparoscopic_grasper", "trocars", "laparoscopic grasper", ("lap grasper", "grasping forceps", "Maryland"),
        ("5 mm",), 400,
          partial(_laparoscopic, "grasper", 330)),
    _tool("laparoscopic_scissors", "trocars", "laparoscopic scissors", ("lap scissors", "endo shears",
        "hook scissors"), ("5 mm",), 400,
          partial(_laparoscopic, "scissors", 330)),
    _tool("arthroscopic_shaver", "trocars", "arthroscopic shaver", ("shaver", "joint shaver", "full-radius resector"),
        ("5.5 mm",), 285, partial(_shaver, 130)),
)  # fmt: skip
