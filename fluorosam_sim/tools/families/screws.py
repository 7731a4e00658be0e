"""Bone screws: cannulated, cortical, cancellous, locking, and their washers and anchors.

Diameters, cores, pitches and heads follow ISO 5835 (HA and HB screws with a hexagonal drive) and AO practice.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from fluorosam_sim.tools.definition import Site, Tool, Words
from fluorosam_sim.tools.materials import PEEK, STEEL, TITANIUM, Material
from fluorosam_sim.tools.shapes import Solid, cut, cylinder, hexagon, prism, revolved, ring, union
from fluorosam_sim.tools.sweeps import thread

Made = list[tuple[Solid, Material]]


@dataclass(frozen=True)
class ScrewSize:
    """Diameters in mm of thread, core, shaft, head, cannula (0: solid); pitch, head height and spanner width in mm."""

    thread: float
    core: float
    pitch: float
    head: float
    head_height: float
    drive: float
    shaft: float = 0.0
    cannula: float = 0.0
    headless: bool = False


_CORTICAL = {
    1.5: ScrewSize(1.5, 1.1, 0.5, 3.0, 1.3, 1.2),
    2.0: ScrewSize(2.0, 1.3, 0.6, 4.0, 1.6, 1.5),
    2.4: ScrewSize(2.4, 1.7, 0.8, 4.2, 1.8, 1.7),
    2.7: ScrewSize(2.7, 1.9, 1.0, 5.0, 2.3, 2.5),
    3.5: ScrewSize(3.5, 2.4, 1.25, 6.0, 2.6, 2.5),
    4.5: ScrewSize(4.5, 3.0, 1.75, 8.0, 4.6, 3.5),
}
_CANCELLOUS = {
    4.0: ScrewSize(4.0, 1.9, 1.75, 6.0, 2.9, 2.5, 2.5),
    6.5: ScrewSize(6.5, 3.0, 2.75, 8.0, 4.6, 3.5, 4.5),
}
_CANNULATED = {
    3.0: ScrewSize(3.0, 2.0, 1.0, 4.0, 2.0, 2.0, 2.0, 1.15, headless=True),
    3.5: ScrewSize(3.5, 2.4, 1.25, 5.0, 2.6, 2.5, 2.4, 1.35),
    4.0: ScrewSize(4.0, 2.6, 1.5, 6.0, 3.0, 2.5, 2.6, 1.35),
    4.5: ScrewSize(4.5, 3.1, 1.75, 6.5, 3.5, 3.5, 3.1, 1.75),
    6.5: ScrewSize(6.5, 4.4, 2.75, 8.0, 4.6, 4.0, 4.5, 2.9),
    7.3: ScrewSize(7.3, 4.8, 2.75, 8.5, 4.8, 4.0, 4.8, 2.9),
}
_LOCKING = {
    2.4: ScrewSize(2.4, 1.8, 0.7, 3.4, 1.8, 1.7),
    2.7: ScrewSize(2.7, 2.1, 1.0, 3.6, 2.0, 2.0),
    3.5: ScrewSize(3.5, 2.9, 0.8, 5.0, 2.9, 2.5),
    5.0: ScrewSize(5.0, 4.4, 1.0, 6.6, 4.4, 3.5),
}

_SHAFTS = ("femur", "tibia", "humerus", "radius", "ulna", "fibula", "clavicula")
_SMALL_BONES = ("metacarpal", "metatarsal", "radius", "phalanges_hand", "fibula")
_ENDS = ("femur", "tibia", "humerus")


def _head(size: ScrewSize) -> Solid:
    r, h = size.head / 2, size.head_height
    return revolved([(0, 0.2), (size.core / 2, 0.2), (r, -0.45 * h), (r, -0.7 * h), (0.8 * r, -h), (0, -h)])


def _locking_head(size: ScrewSize) -> Solid:
    """A cone with its own thread of half the pitch of the shaft's."""
    r, h = size.head / 2, size.head_height
    return thread(r - 0.3, r, 0.6, -h, 0) + cylinder(r - 0.28, -0.02, 0.8, size.core / 2)


def _screw(size: ScrewSize, length: float, threaded: float, material: Material, locking: bool = False) -> Made:
    """A screw whose tip lies `length` beyond its head's seat; the last `threaded` mm are threaded."""
    core, outer = size.core / 2, size.thread / 2
    point = min(1.2 * size.thread, 0.25 * length)
    start = max(length - threaded, 0.0)
    solids = [thread(core, outer, size.pitch, start, length - 0.6 * point)]
    solids.append(cylinder(core, length - 0.7 * point, length, max(0.15, 0.55 * size.cannula)))
    if start > 0:
        solids.append(cylinder((size.shaft or size.core) / 2, -0.01, start + 0.8 * size.pitch))
    if size.headless:
        solids.append(thread(0.75 * size.head / 2, size.head / 2, size.pitch * 0.8, -0.2, 5.0))
    else:
        solids.append(_locking_head(size) if locking else _head(size))
    top = -size.head_height if not size.headless else -0.2
    if size.headless:
        away = [prism(hexagon(size.drive), top - 1, 1.8)]
    else:
        away = [prism(hexagon(size.drive), top - 1, top + 0.55 * size.head_height)]
    if size.cannula > 0:
        away.append(cylinder(size.cannula / 2, top - 1, length + 1))
    return [(cut(union(solids), away), material)]


def _washer(inner: float, outer: float, thickness: float) -> Made:
    return [(revolved([(inner / 2, 0), (outer / 2, 0), (outer / 2, 0.5 * thickness), (0.6 * outer / 2 + 0.4 * inner / 2,
                       thickness), (inner / 2, thickness)]), STEEL)]  # fmt: skip


def _interference(diameter: float, length: float) -> Made:
    r = diameter / 2
    body = thread(0.68 * r, r, 2.4, 0, length - 3) + cylinder(0.7 * r, length - 4, length, 0.3 * r)
    return [(cut(body, [prism(hexagon(3.5), -1, length - 6), cylinder(0.8, -1, length + 1)]), TITANIUM)]


def _suture_anchor(diameter: float, length: float, material: Material) -> Made:
    r = diameter / 2
    body = union([thread(0.5 * r, r, 2.2, 2, length - 2), cylinder(0.5 * r, length - 2.6, length, 0.1),
                  cylinder(0.55 * r, 0, 2.6)])  # fmt: skip
    return [(body - ring(0.35 * r, 0.15 * r, -0.5, 1.5), material)]


def _tool(
    kind: str, size: float, length: float, aliases: tuple[str, ...], maker: partial[Made], site: Site, detail: str = ""
) -> Tool:
    key = f"{kind}_screw_{size:g}x{length:g}{'_' + detail.replace(' ', '_') if detail else ''}".replace("-", "_")
    noun = f"{kind} screw"
    name = f"{kind} {length:g} mm screw {size:g} mm{', ' + detail if detail else ''}"
    sizes = (f"{length:g} mm", f"{size:g} mm", *((detail,) if detail else ()))
    return Tool(key, name, f"{kind}_screws", "implant", length, Words(noun, noun + "s", aliases, sizes), maker, site)


def _cannulated(size: float, length: float, threaded: float, detail: str = "") -> Tool:
    bones = ("hip", "femur", "tibia") if size > 6 else ("tibia", "humerus", "tarsal", "metatarsal", "radius", "carpal")
    aliases = ("cannulated lag screw", "hollow screw", "cannulated bone screw", f"{size:g} cannulated")
    maker = partial(_screw, _CANNULATED[size], length, threaded, TITANIUM)
    end = 0.1 if size > 6 else 0.9
    return _tool("cannulated", size, length, aliases, maker, Site("across", bones, end, 0.1), detail)


def _cortical(size: float, length: float) -> Tool:
    aliases = ("cortex screw", "cortical bone screw", f"{size:g} cortex", "non-locking screw")
    maker = partial(_screw, _CORTICAL[size], length, length, STEEL)
    bones = _SHAFTS if size > 2.5 else _SMALL_BONES
    return _tool("cortical", size, length, aliases, maker, Site("across", bones, spread=0.4))


def _cancellous(size: float, length: float, threaded: float) -> Tool:
    detail = "fully threaded" if threaded >= length else f"{threaded:g} mm thread"
    aliases = ("spongiosa screw", "cancellous bone screw", f"{size:g} cancellous", "lag screw")
    maker = partial(_screw, _CANCELLOUS[size], length, threaded, STEEL)
    return _tool("cancellous", size, length, aliases, maker, Site("across", _ENDS, 0.92, 0.06), detail)


def _locking(size: float, length: float) -> Tool:
    aliases = ("locking head screw", "LHS", "angular stable screw", f"{size:g} locker")
    maker = partial(_screw, _LOCKING[size], length, length, TITANIUM, locking=True)
    bones = _SHAFTS if size > 2.5 else _SMALL_BONES
    return _tool("locking", size, length, aliases, maker, Site("across", bones, spread=0.45))


def _other(key: str, name: str, family: str, length: float, words: Words, maker: partial[Made], site: Site) -> Tool:
    return Tool(key, name, family, "implant", length, words, maker, site)


TOOLS: tuple[Tool, ...] = (
    *(_cannulated(3.0, n, 7, "headless") for n in (16, 20, 28)),
    *(_cannulated(3.5, n, 14) for n in (30, 40)),
    *(_cannulated(4.0, n, 16) for n in (30, 40, 50)),
    *(_cannulated(4.5, n, 20) for n in (40, 60)),
    *(_cannulated(6.5, n, 20) for n in (70, 90, 110)),
    *(_cannulated(7.3, n, 16) for n in (60, 90, 110, 130)),
    *(_cannulated(7.3, n, n, "fully threaded") for n in (90, 120)),
    *(_cortical(d, n) for d, lengths in ((1.5, (12,)), (2.0, (14,)), (2.4, (18,)), (2.7, (18, 26)),
                                         (3.5, (16, 24, 32, 45)), (4.5, (24, 36, 50, 70)))
      for n in lengths),
    *(_cancellous(4.0, n, 14) for n in (20, 35, 50)),
    *(_cancellous(4.0, n, n) for n in (26, 44)),
    *(_cancellous(6.5, n, 16) for n in (50, 80)),
    *(_cancellous(6.5, n, 32) for n in (70, 100)),
    *(_cancellous(6.5, n, n) for n in (40, 65)),
    *(_locking(d, n) for d, lengths in ((2.4, (16,)), (2.7, (20,)), (3.5, (16, 26, 36, 50)),
                                        (5.0, (26, 40, 60, 80))) for n in lengths),
    *(_other(f"washer_{d:g}", f"washer {outer:g} mm for {d:g} mm screws", "cannulated_screws", outer,
             Words("screw washer", "screw washers", ("washer", "metal washer", "ring under the screw head"),
                   (f"{outer:g} mm",)), partial(_washer, d, outer, t), Site("surface", _ENDS, 0.1, 0.05))
      for d, outer, t in ((7.3, 13.0, 1.8),)),
    *(_other(f"interference_screw_{d}x{n}", f"interference screw {d} mm × {n} mm", "cancellous_screws", n,
             Words("interference screw", "interference screws", ("ACL screw", "graft screw", "ligament screw"),
                   (f"{d} mm", f"{n} mm")), partial(_interference, d, n), Site("across", ("femur", "tibia"), 0.95,
                   0.03))
      for d, n in ((8, 25),)),
    *(_other(f"suture_anchor_{name.lower()}", f"{name} suture anchor {d:g} mm", "cancellous_screws", n,
             Words(f"{name} suture anchor", f"{name} suture anchors", ("corkscrew anchor", "bone anchor",
             "cuff anchor"),
                   (f"{d:g} mm",)), partial(_suture_anchor, d, n, material), Site("across", ("humerus",), 0.05, 0.03))
      for name, d, n, material in (("titanium", 5.0, 15.0, TITANIUM), ("PEEK", 4.5, 14.0, PEEK))),
)  # fmt: skip
