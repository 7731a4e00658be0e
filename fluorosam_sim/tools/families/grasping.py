"""Forceps, clamps, scissors, needle holders: whatever has two branches."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from fluorosam_sim.tools.definition import Site, Tool, Words
from fluorosam_sim.tools.materials import STEEL, TITANIUM, Material
from fluorosam_sim.tools.shapes import Solid, aligned, box, cylinder, hull, prism, sphere, stroke, torus, union
from fluorosam_sim.tools.sweeps import arc, loop, oval, smooth, strip, sweep, thread

Made = list[tuple[Solid, Material]]
Jaw = Literal["plain", "toothed", "ring", "tee", "bow", "point", "blade", "blunt blade", "wide"]


@dataclass(frozen=True)
class Branches:
    """A ring-handled instrument. Lengths in mm; the jaws reach `jaw` beyond the hinge, `curve` sideways.

    opening_deg: between the branches. width, thick: of a jaw near the hinge; tip: its width at the end.
    """

    length: float
    jaw: float
    width: float
    thick: float
    tip: float
    shape: Jaw = "plain"
    curve: float = 0.0
    opening_deg: float = 14.0
    rings: bool = True
    ratchet: bool = True


def _jaw(spec: Branches) -> Solid:
    w, n = spec.width, spec.jaw
    if spec.shape in ("bow", "point"):
        depth = 0.28 * n
        path = smooth([(0.4 * w, 0, -3), (depth, 0, 0.3 * n), (1.1 * depth, 0, 0.65 * n), (0.2, 0, n)], 28)
        sharp = 0.25 if spec.shape == "point" else 0.75
        return sweep(path, oval(w, spec.thick, 10), np.linspace(1.0, sharp, 28))
    path = smooth([(0.1 * w, 0, -4), (0.5 * w, 0.02 * spec.curve, 0.2 * n), (0.45 * w, 0.4 * spec.curve, 0.65 * n),
                   (0.25 * w + 0.3, spec.curve, n)], 24)  # fmt: skip
    if spec.shape in ("blade", "blunt blade"):
        flat = sweep(path, strip(spec.width, spec.thick), np.column_stack([np.linspace(1.15, spec.tip / spec.width, 24),
                                                                           np.linspace(1.0, 0.7, 24)]))  # fmt: skip
        if spec.shape == "blunt blade":
            flat = flat + hull(sphere(2.2, (0.3, spec.curve, n)), sphere(2.2, (1.0, spec.curve, n - 9)))
        return flat
    taper = np.linspace(1.0, spec.tip / w, 24)
    solid = sweep(path, strip(w, spec.thick), np.column_stack([taper, np.linspace(1.0, 0.8, 24)]))
    end = (float(path[-1, 0]), spec.curve, n)
    if spec.shape == "toothed":
        solid += hull(box(0.6, spec.thick, 2, end), box(0.3, 0.5, 1, (-1.0, spec.curve, n - 0.5)))
    elif spec.shape == "tee":
        solid += box(2.0, 7 * spec.tip, 2.2, end)
    elif spec.shape == "ring":
        turn = 2 * np.pi * np.arange(28) / 28
        size = 2.4 * w
        eye = np.column_stack(
            [np.full(28, end[0]), spec.curve + size * np.cos(turn), n - 0.4 * size + 1.3 * size * np.sin(turn)]
        )
        solid = (solid - box(40, 30, 40, (0, spec.curve, n + 20 - 1.5 * size))) + loop(eye, 0.28 * w, 10)
    elif spec.shape == "wide":
        solid += hull(box(2, 2 * w, 1, end), box(2, w, 1, (end[0], spec.curve, n - 9)))
    return solid


def _branch(spec: Branches) -> Solid:
    """The branch whose jaw is on the +x side and whose handle is on the -x side of the hinge."""
    back = -(spec.length - spec.jaw)
    r = 11.5 if spec.length > 110 else 9.0
    far = back + r + 2 if spec.rings else back
    half = 12.0 if spec.length > 110 else 9.0
    shank = smooth([(0.2 * spec.width, 0, 4), (-0.55 * spec.width, 0, -0.12 * spec.length),
        (-0.35 * half, 0, 0.55 * far),
                    (-0.8 * half, 0, far + 0.8 * r)], 26)  # fmt: skip
    solids = [_jaw(spec), sweep(shank, oval(0.95 * spec.width, spec.thick, 12), np.linspace(1.15, 0.8, 26))]
    if spec.rings:
        solids.append(torus(r, 2.1).scale((0.85, 1, 1)).rotate((90, 0, 0)).translate((-half - 1.0, 0, far)))
    if spec.ratchet:
        solids.append(box(half, 2.4, 3.0, (-0.45 * half, -1.0, far + 1.6 * r)))
    return union(solids)


def branches_of(spec: Branches) -> Solid:
    """Both branches around the hinge at the origin, jaws towards +z, opening in the xz plane."""
    branch = _branch(spec)
    half = spec.opening_deg / 2
    hinge = cylinder(0.9 * spec.width, -0.85 * spec.thick, 0.85 * spec.thick).rotate((90, 0, 0))
    return union([branch.rotate((0, half, 0)), branch.mirror((1, 0, 0)).rotate((0, -half, 0)), hinge])


def _branches(spec: Branches) -> Made:
    return [(branches_of(spec), STEEL)]


def _thumb(
    length: float, width: float, tip: float, teeth: bool = False, bayonet: float = 0.0, rings: bool = False
) -> Made:
    """Tweezers: two springs joined at the back."""
    path = smooth([(0.4, 0, -length), (5.5, 0, -0.62 * length), (5.0, bayonet * 0.1, -0.4 * length),
        (3.4, bayonet, -0.25 * length),
                   (1.3, bayonet, 0)], 32)  # fmt: skip
    wide = np.interp(np.linspace(0, 1, 32), [0, 0.3, 0.55, 1], [0.7, 1.0, 0.9, tip / width])
    # Their broad side faces the other arm.
    arm = sweep(path, strip(1.5, width)[:, :], np.column_stack([np.full(32, 1.0), wide]))
    solids = [arm, hull(box(1.6, 0.7 * width, 1, (0, 0, -length)), box(2.4, 0.8 * width, 8, (0, 0, -length + 6)))]
    if teeth:
        solids.append(hull(box(0.6, tip, 1.6, (1.0, bayonet, -0.4)), box(0.3, 0.4, 0.8, (0.0, bayonet, 0.6))))
    if rings:
        solids.append(torus(2.6, 0.9).rotate((0, 90, 0)).translate((1.3, bayonet, -0.5)))
    half = union(solids)
    return [((half + half.mirror((1, 0, 0))).translate((0, 0, 0.5 * length)), STEEL)]


def _pelvic_clamp(length: float) -> Made:
    """A bone-holding forceps whose tips take two screw heads."""
    spec = Branches(length, 0.4 * length, 9, 6, 6, "bow", opening_deg=22)
    solid = branches_of(spec)
    feet = [
        box(10, 9, 4, (x, 0, 0.4 * length)) - box(4, 4.5, 9, (x + np.sign(x) * -3, 0, 0.4 * length))
        for x in (-15.0, 15.0)
    ]
    return [(union([solid, *feet]), STEEL)]


def _c_clamp(span: float) -> Made:
    bow = prism(
        stroke(
            [(-span / 2, 0), (-span / 2, 60), (-0.3 * span, 92), (0.3 * span, 92), (span / 2, 60), (span / 2, 0)], 13
        ),
        -5,
        5,
    )
    spike = cylinder(3.5, -8, 22) + cylinder(3.5, 21.9, 34, 0.1)
    screw = (
        thread(3.2, 4.2, 1.8, -70, 20)
        + cylinder(3.2, 19, 32, 0.1)
        + cylinder(3.0, -24, 24).rotate((90, 0, 0)).translate((0, 0, -68))
    )
    left = aligned(spike, (1, 0, 0), (-span / 2 - 2, 2, 0))
    right = aligned(screw, (-1, 0, 0), (span / 2 - 8, 2, 0))
    return [(union([bow, left, right]).rotate((90, 0, 0)), STEEL)]


def _spring_clip(
    length: float, jaw: float, curve: float, wire: float, material: Material, fenestra: bool = False
) -> Made:
    """An aneurysm clip or bulldog: two jaws and crossing limbs around a coil."""
    coil = torus(2.4 * wire, wire / 2).rotate((90, 0, 0)).translate((0, 0, -(length - jaw) + 2 * wire))
    solids = [coil]
    for s in (-1, 1):
        path = smooth([(-s * 1.9 * wire, 0.3 * s * wire, -(length - jaw) + 2 * wire),
        (0, 0.4 * s * wire, -0.35 * (length - jaw)),
                       (s * 0.9 * wire, 0, 0), (s * 0.55 * wire, 0.4 * curve, 0.6 * jaw),
                       (s * 0.5 * wire, curve, jaw)], 26)  # fmt: skip
        solids.append(sweep(path, strip(0.9 * wire, 1.3 * wire), np.linspace(1, 0.75, 26)))
    if fenestra:
        solids = (
            [s - box(99, 99, 3.2 * wire, (0, 0, 2.2 * wire)) for s in solids[:1]]
            + [solid - box(99, 0.5 * wire, 3.0 * wire, (0, 0, 2.0 * wire)) for solid in solids[1:]]
            + [loop(np.add(arc(2.6 * wire, 0, 345, 24)[:, [1, 0, 2]], (0, 0, 2.2 * wire)), 0.42 * wire, 8)]
        )
    return [(union(solids), material)]


def _bandage_scissors() -> Made:
    spec = Branches(180, 62, 9, 3.2, 5, "blunt blade", curve=9, opening_deg=26, ratchet=False)
    return _branches(spec)


def _spring_scissors(length: float) -> Made:
    """Castroviejo: jaws driven by flat springs, without rings."""
    spec = Branches(length, 14, 4, 1.8, 1.0, "blade", opening_deg=20, rings=False, ratchet=False)
    back = length - 14
    bow = smooth(
        [
            (-25, 0, -0.93 * back),
            (-14, 0, -1.04 * back),
            (0, 0, -1.08 * back),
            (14, 0, -1.04 * back),
            (25, 0, -0.93 * back),
        ],
        24,
    )
    return [(branches_of(spec) + sweep(bow, strip(2.2, 1.6)), STEEL)]


def _cutter(length: float) -> Made:
    """A wire cutter: compound hinge, short strong jaws, bare handles."""
    spec = Branches(length, 26, 15, 9, 9, "wide", opening_deg=20, rings=False, ratchet=False)
    hinge = cylinder(7, -6, 6).rotate((90, 0, 0)).translate((0, 0, -30))
    return [(branches_of(spec) + hinge, STEEL)]


def _rongeur(length: float) -> Made:
    """Kerrison punch: a sliding shaft with a foot plate, a pistol handle."""
    shaft = union(
        [
            box(5, 5.5, length, (0, 0, length / 2)),
            hull(box(5, 2, 2.2, (0, -2, length)), box(5, 9, 1.6, (0, 2.2, length + 1.2))),
        ]
    )
    shaft = shaft - box(9, 6, 3.2, (0, 2.6, length - 2.6))
    front = sweep(
        smooth([(0, 0, 8), (0, -30, -6), (0, -75, -18), (0, -105, -16)], 20),
        strip(7, 8),
        np.linspace(1.2, 0.8, 20),
        (1, 0, 0),
    )
    back = sweep(
        smooth([(0, 0, -2), (0, -28, -26), (0, -70, -52), (0, -100, -58)], 20),
        strip(7, 8),
        np.linspace(1.2, 0.8, 20),
        (1, 0, 0),
    )
    return [(union([shaft, front, back]), STEEL)]


def _tool(
    key: str, family: str, noun: str, aliases: tuple[str, ...], size: float, maker: partial[Made], extent: float = 0.0
) -> Tool:
    plural = noun if noun.endswith(("forceps", "scissors")) else noun + "s"
    words = Words(noun, plural, aliases, (f"{size:g} mm",))
    return Tool(f"{key}_{size:g}", f"{noun} {size:g} mm", family, "instrument", extent or size, words, maker)


def _ringed(key: str, family: str, noun: str, aliases: tuple[str, ...], spec: Branches) -> Tool:
    return _tool(key, family, noun, aliases, spec.length, partial(_branches, spec))


def _clip(key: str, noun: str, size: float, maker: partial[Made], *aliases: str) -> Tool:
    words = Words(noun, noun + "s", (*aliases, "clip on an aneurysm"), (f"{size:g} mm",))
    return Tool(key, f"{noun} {size:g} mm", "clips", "implant", size, words, maker, Site("organ", ("brain",)))


TOOLS: tuple[Tool, ...] = (
    _tool("adson_forceps", "forceps", "Adson forceps", ("Adson", "fine tissue forceps", "pick-ups"), 120,
        partial(_thumb, 120, 8, 1.4)),
    _tool("toothed_adson_forceps", "forceps", "toothed Adson forceps", ("rat-tooth Adson", "Adson with teeth",
        "toothed pick-ups"), 120,
          partial(_thumb, 120, 8, 1.6, True)),
    _tool("dressing_forceps", "forceps", "dressing forceps", ("anatomical forceps", "plain tweezers",
        "thumb forceps"), 145,
          partial(_thumb, 145, 10, 3)),
    _tool("tissue_forceps", "forceps", "surgical tissue forceps", ("surgical tweezers", "toothed forceps",
        "tissue pick-ups"), 180,
          partial(_thumb, 180, 11, 3, True)),
    *(_tool("debakey_forceps", "forceps", "DeBakey forceps", ("DeBakey", "vascular forceps", "atraumatic forceps"), n,
            partial(_thumb, n, 10, 2)) for n in (200,)),
    _tool("russian_forceps", "forceps", "Russian forceps", ("Russian tissue forceps", "Russians"), 200,
        partial(_thumb, 200, 12, 6, False, 0.0, True)),
    _tool("bayonet_forceps", "forceps", "bayonet forceps", ("bipolar forceps", "Gerald bayonet",
        "neurosurgical forceps"), 190,
          partial(_thumb, 190, 9, 1.2, False, 12.0)),
    _ringed("kocher_forceps", "forceps", "Kocher forceps", ("Kocher", "Ochsner forceps", "toothed clamp"),
            Branches(180, 55, 6.5, 4, 4, "toothed")),
    _ringed("allis_forceps", "forceps", "Allis forceps", ("Allis clamp", "Allis", "tissue grasping forceps"),
            Branches(155, 48, 5.5, 3.6, 1.6, "tee", opening_deg=18)),
    _ringed("babcock_forceps", "forceps", "Babcock forceps", ("Babcock", "bowel grasper"),
        Branches(200, 60, 5.0, 3.6, 2, "ring")),
    _ringed("sponge_forceps", "forceps", "sponge forceps", ("sponge stick", "ring forceps", "swab holder"),
        Branches(245, 90, 6, 4.2, 3, "ring")),
    _ringed("mixter_forceps", "forceps", "Mixter forceps", ("right angle forceps", "right-angle clamp", "Overholt"),
            Branches(220, 60, 6, 4, 2, curve=17)),
    _tool("kerrison_rongeur", "forceps", "Kerrison rongeur", ("Kerrison punch", "bone punch", "Kerrison"), 180,
        partial(_rongeur, 180), 244),
    *(_ringed(f"{key}_clamp", "clamps", f"{name} clamp", aliases, Branches(n, jaw, w, t, tip, "plain", curve))
      for key, name, aliases, n, jaw, w, t, tip, curve in (
          ("mosquito", "straight mosquito", ("mosquito", "Halsted clamp", "mosquito forceps"), 125, 34, 4.5, 3.2, 1.8,
          0),
          ("curved_mosquito", "curved mosquito", ("mosquito", "curved Halsted", "curved hemostat"), 125, 34, 4.5, 3.2,
          1.8, 7),
          ("kelly", "Kelly", ("Kelly", "hemostat", "artery forceps", "haemostat"), 140, 42, 5.5, 3.8, 2.6, 8),
          ("pean", "Rochester-Péan", ("Péan", "Pean clamp", "large hemostat"), 200, 62, 6.5, 4.4, 3.4, 0),
          ("intestinal", "Doyen intestinal", ("bowel clamp", "soft bowel clamp", "Doyen"), 230, 105, 6, 3.4, 4, 16),
          ("satinsky", "Satinsky", ("side-biting clamp", "vascular clamp", "cava clamp"), 240, 80, 6, 4, 3, 34))),
    _ringed("towel_clamp", "clamps", "Backhaus towel clamp", ("towel clip", "Backhaus", "towel clamp"),
            Branches(110, 30, 4.5, 3.8, 1, "point", opening_deg=20)),
    _ringed("pointed_reduction_clamp", "clamps", "pointed reduction clamp", ("Weber clamp", "reduction forceps",
        "point-to-point clamp"),
            Branches(180, 60, 6.5, 5, 1, "point", opening_deg=22)),
    _ringed("large_reduction_clamp", "clamps", "large pointed reduction clamp",
        ("large Weber clamp", "king tong", "large tenaculum"),
            Branches(240, 110, 8, 6, 1, "point", opening_deg=22)),
    _ringed("bone_holding_clamp", "clamps", "bone holding clamp", ("Verbrugge", "lobster claw", "bone clamp",
        "plate holder"),
            Branches(240, 62, 10, 7, 6, "bow", opening_deg=18)),
    _tool("jungbluth_clamp", "clamps", "pelvic reduction clamp", ("Jungbluth", "pelvic clamp", "Farabeuf clamp"), 260,
        partial(_pelvic_clamp, 260)),
    _tool("c_clamp", "clamps", "C-clamp", ("C clamp", "compression clamp", "pelvic C clamp"), 130,
        partial(_c_clamp, 130), 200),
    _tool("bulldog_clamp", "clamps", "bulldog clamp", ("bulldog", "vessel clip", "small vascular clamp"), 50,
          partial(_spring_clip, 50, 24, 3.0, 3.0, STEEL)),
    *(_ringed(f"{key}_scissors", "scissors", f"{name} scissors", aliases, Branches(n, jaw, w, t, tip, "blade", curve,
          24, ratchet=False))
      for key, name, aliases, n, jaw, w, t, tip, curve in (
          ("mayo", "straight Mayo", ("Mayo", "suture scissors", "heavy scissors"), 170, 48, 9, 2.8, 3.5, 0),
          ("curved_mayo", "curved Mayo", ("curved Mayos", "Mayo", "tissue scissors"), 170, 48, 9, 2.8, 3.5, 9),
          ("metzenbaum", "Metzenbaum", ("Metz", "dissecting scissors", "Metzenbaums"), 180, 46, 6.5, 2.4, 1.8, 8),
          ("long_metzenbaum", "long Metzenbaum", ("long Metz", "deep dissecting scissors"), 230, 55, 7, 2.6, 1.8, 9),
          ("iris", "iris", ("fine scissors", "small sharp scissors"), 110, 26, 4.5, 1.8, 0.8, 0))),
    _tool("bandage_scissors", "scissors", "bandage scissors", ("Lister scissors", "dressing scissors"), 180,
        partial(_bandage_scissors)),
    _tool("spring_scissors", "scissors", "spring scissors", ("Castroviejo scissors", "micro scissors"), 110,
        partial(_spring_scissors, 110)),
    _tool("wire_cutter", "scissors", "wire cutter", ("pin cutter", "wire cutters", "K-wire cutter"), 220,
        partial(_cutter, 220)),
    *(_ringed(key, "scissors", name, ("needle driver", "needle holder", "Hegar"), Branches(n, jaw, w, t, tip, "plain"))
      for key, name, n, jaw, w, t, tip in (("mayo_hegar_needle_holder", "Mayo-Hegar needle holder", 180, 28, 8, 5, 4.5),
                                           ("fine_needle_holder", "fine needle holder", 140, 20, 6, 4, 3))),
    _clip("aneurysm_clip_straight_9", "straight aneurysm clip", 18, partial(_spring_clip, 18, 9, 0.0, 1.2, TITANIUM),
        "Yasargil clip", "brain clip"),
    _clip("aneurysm_clip_curved_11", "curved aneurysm clip", 20, partial(_spring_clip, 20, 11, 4.0, 1.2, TITANIUM),
        "curved Yasargil clip", "curved clip"),
    _clip("aneurysm_clip_fenestrated_9", "fenestrated aneurysm clip", 22, partial(_spring_clip, 22, 13, 0.0, 1.2,
        TITANIUM, True),
          "clip with a window", "ring clip"),
)  # fmt: skip
