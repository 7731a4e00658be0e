"""Intramedullary nails: z runs down the canal from the nail's upper end; their bolts cross them in the x direction."""

from __future__ import annotations

from functools import partial

import numpy as np

from fluorosam_sim.tools.definition import Site, Tool, Words
from fluorosam_sim.tools.materials import TITANIUM, Material
from fluorosam_sim.tools.shapes import Solid, aligned, cut, cylinder, disc, hexagon, prism, rectangle, twisted, union
from fluorosam_sim.tools.sweeps import smooth, strip, sweep, thread, tube

Made = list[tuple[Solid, Material]]


def _shaft(
    points: list[tuple[float, float, float]], head: float, shaft: float, taper_at: float, hollow: float
) -> Solid:
    """A bent nail whose upper part is thicker, hollow along its length, with a rounded lower end."""
    path = smooth(points, 40)
    r = np.where(path[:, 2] < taper_at, head, np.maximum(shaft, head - (path[:, 2] - taper_at) * 0.12)) / 2
    r[-3:] *= (0.97, 0.86, 0.6)
    body = tube(path, r, corners=24)
    return (
        body - tube(smooth([*points, tuple(np.add(points[-1], (0, 0, 1e-3)))], 40), hollow / 2, corners=16)
        if hollow
        else body
    )


def _bolt(length: float, radius: float, at: tuple[float, float, float]) -> Solid:
    """A locking bolt along x, its head on the +x side."""
    head = cylinder(1.55 * radius, length / 2, length / 2 + 3.2) - prism(hexagon(3.2), length / 2 + 1.4, length / 2 + 9)
    return (
        (thread(0.82 * radius, radius, 2.0, -length / 2, length / 2, corners=10) + head)
        .rotate((0, 90, 0))
        .translate(at)
    )


def _nail(length: float, diameter: float, head: float, bow: float, herzog: float, upper: tuple[float, ...],
          lower: tuple[float, ...], bolt: float, bolted: bool) -> Made:  # fmt: skip
    """A nail with its holes and, if bolted, its bolts.

    bow: sagitta of the forward bow in mm. herzog: how far the upper end leans back (negative: forwards, as a tibia's).
    upper, lower: distances of the holes from either end.
    """
    points = [(0.0, herzog, 0.0), (0.0, 0.25 * herzog, 0.14 * length), (0.0, -bow * 0.75, 0.3 * length),
              (0.0, -bow, 0.5 * length), (0.0, -bow * 0.75, 0.7 * length), (0.0, 0.0, length)]  # fmt: skip
    body = _shaft(points, head, diameter, 0.18 * length, 0.36 * diameter)
    heights = [*upper, *(length - d for d in lower)]
    path = smooth(points, 60)
    spots = [(0.0, float(np.interp(z, path[:, 2], path[:, 1])), z) for z in heights]
    holes = union(cylinder(bolt / 2 + 0.15, -40, 40).rotate((0, 90, 0)).translate(spot) for spot in spots)
    made: Made = [(body - holes, TITANIUM)]
    if bolted:
        lengths = [head + 22 if z < length / 2 else diameter + 30 for z in heights]
        bolts = union(_bolt(n, bolt / 2, spot) for n, spot in zip(lengths, spots, strict=True))
        made.append((bolts, TITANIUM))
    return made


def _lag(length: float, blade: bool) -> Solid:
    """Along +z from its outer end: a lag screw, or a helical blade."""
    stem = cylinder(5.2, 0, length - 30)
    if blade:
        vanes = rectangle(11, 2.6, 1) + rectangle(2.6, 11, 1) + disc(3.4)
        solid = stem + twisted(vanes, length - 34, length - 3, 95) + cylinder(3.4, length - 3.1, length, 1.6)
    else:
        solid = stem + thread(3.9, 5.25, 3.0, length - 32, length - 4) + cylinder(3.9, length - 4.5, length, 1.6)
    return solid - cylinder(1.6, -1, length + 1)


def _cephalomedullary(length: float, diameter: float, lag: float, blade: bool) -> Made:
    """A nail with a lag screw or blade into the head, 130° from the shaft, and locking bolts below."""
    bow = 0.0 if length < 300 else 9.0
    points = [
        (4.0, 0.0, 0.0),
        (1.2, 0.0, 40.0),
        (0.0, -0.2 * bow, 80.0),
        (0.0, -bow, 0.55 * length),
        (0.0, 0.0, length),
    ]
    body = _shaft(points, 16.0 if length < 300 else 16.5, diameter, 70, 0.4 * diameter)
    inward = np.array([-np.sin(np.deg2rad(50)), 0.0, -np.cos(np.deg2rad(50))])
    cross = np.array([1.0, 0.0, 52.0])
    screw = aligned(_lag(lag, blade), inward, cross - 24 * inward)
    bore = aligned(cylinder(5.5, -60, 60), inward, cross)
    spots = [(0.0, float(-0.2 * bow), length - d) for d in ((34, 20) if length > 300 else (30,))]
    holes = union(cylinder(2.6, -40, 40).rotate((0, 90, 0)).translate(spot) for spot in spots)
    bolts = union(_bolt(diameter + 26, 2.45, spot) for spot in spots)
    return [(cut(body, [bore, holes]), TITANIUM), (screw, TITANIUM), (bolts, TITANIUM)]


def _elastic(diameter: float, length: float) -> Made:
    """A flexible nail bent to a bow, with a flattened, hooked tip."""
    path = smooth(
        [(0, 0, 0), (6, 0, 0.25 * length), (9, 0, 0.55 * length), (5, 0, 0.85 * length), (0, 0, length - 8)], 60
    )
    tip = sweep(smooth([(0, 0, length - 9), (-0.6, 0, length - 4), (-3.0, 0, length)], 12),
        strip(diameter, 0.6 * diameter),
                np.linspace(1, 0.6, 12))  # fmt: skip
    return [(tube(path, diameter / 2, corners=12) + tip, TITANIUM)]


def _locking_bolt(diameter: float, length: float) -> Made:
    solid = _bolt(length, diameter / 2, (0, 0, 0)).rotate((0, 90, 0))
    return [(solid.translate((0, 0, length / 2)), TITANIUM)]


def _lag_alone(length: float, blade: bool) -> Made:
    return [(_lag(length, blade), TITANIUM)]


def _end_cap(height: float) -> Made:
    solid = union([cylinder(6.5, -height, 0), thread(4.2, 5.0, 1.25, -0.1, 9), cylinder(4.2, 8.9, 12, 1.5)])
    return [(solid - prism(hexagon(5), -height - 1, -height + 4), TITANIUM)]


def _tool(key: str, noun: str, aliases: tuple[str, ...], sizes: tuple[str, ...], length: float, maker: partial[Made],
          site: Site) -> Tool:  # fmt: skip
    return Tool(key, f"{noun} {' × '.join(sizes)}", "nails", "implant", length, Words(noun, noun + "s", aliases, sizes),
                maker, site)  # fmt: skip


_FEMUR, _TIBIA, _HUMERUS = (Site("canal", (bone,)) for bone in ("femur", "tibia", "humerus"))
_NAIL = ("intramedullary nail", "IM nail", "interlocking nail", "medullary nail")


def _long(key: str, noun: str, alias: tuple[str, ...], d: float, n: float, site: Site, head: float, bow: float,
          herzog: float, upper: tuple[float, ...], lower: tuple[float, ...], bolt: float,
          bolted: bool = False) -> Tool:  # fmt: skip
    what = f"{noun} with locking bolts" if bolted else noun
    words = Words(what, what.replace("nail", "nails", 1), (*alias, *_NAIL), (f"{d:g} mm", f"{n:g} mm"))
    name = f"{noun} {d:g} mm × {n:g} mm{', locked' if bolted else ''}"
    maker = partial(_nail, n, d, head, bow, herzog, upper, lower, bolt, bolted)
    return Tool(f"{key}_{d:g}x{n:g}{'_locked' if bolted else ''}", name, "nails", "implant", n, words, maker, site)


def _hip_nail(d: float, n: float, lag: float, blade: bool) -> Tool:
    noun = f"{'short' if n < 300 else 'long'} cephalomedullary nail"
    aliases = ("PFNA" if blade else "gamma nail", "trochanteric nail", "CMN", "proximal femoral nail", "hip nail")
    words = Words(noun, noun + "s", aliases, (f"{d:g} mm", f"{n:g} mm"))
    key = f"cephalomedullary_nail_{d:g}x{n:g}_{'blade' if blade else 'lag'}"
    name = f"{noun} {d:g} mm × {n:g} mm with {'helical blade' if blade else 'lag screw'}"
    return Tool(key, name, "nails", "implant", n, words, partial(_cephalomedullary, n, d, lag, blade), _FEMUR)


TOOLS: tuple[Tool, ...] = (
    *(_long("femoral_nail", "antegrade femoral nail", ("femur nail", "AFN"), d, n, _FEMUR, 13, 10, 0, (22, 44),
          (32, 16), 5.0,
            bolted) for d, n, bolted in ((10, 360, True), (11, 400, False), (12, 420, True))),
    *(_long("retrograde_femoral_nail", "retrograde femoral nail", ("retro nail", "RFN"), d, n, _FEMUR, 11, 7, 0,
          (20, 38),
            (40, 24, 12), 5.0, bolted) for d, n, bolted in ((10, 300, True), (11, 380, False))),
    *(_long("tibial_nail", "tibial nail", ("shin bone nail", "tibia nail", "UTN"), d, n, _TIBIA, 12, 0, -11,
          (28, 42, 54),
            (36, 22, 10), 5.0, bolted) for d, n, bolted in ((9, 300, False), (10, 330, True), (11, 360, True))),
    *(_long("humeral_nail", "humeral nail", ("upper arm nail", "humerus nail", "PHN"), d, n, _HUMERUS, 10.5, 0, 2,
            (12, 22, 32), (28, 14), 4.0, bolted) for d, n, bolted in ((7, 220, True), (8, 260, False))),
    _long("ankle_nail", "ankle arthrodesis nail", ("hindfoot nail", "TTC nail", "ankle fusion nail"), 10, 180, _TIBIA,
        10, 0, 3,
          (24, 44), (46, 30, 14), 5.0, True),
    _long("fibular_nail", "fibular nail", ("fibula nail", "ankle nail"), 3.6, 145, Site("canal", ("fibula",)), 6, 0,
        0, (),
          (30, 20, 10), 2.6),
    _hip_nail(11, 180, 95, False), _hip_nail(10, 240, 100, True), _hip_nail(10, 340, 100, False),
    _hip_nail(11, 380, 105, True),
    *(_tool(f"elastic_nail_{d:g}x{n}", "elastic nail", ("TEN", "flexible nail", "titanium elastic nail", "ESIN"),
            (f"{d:g} mm", f"{n} mm"), n, partial(_elastic, d, n), Site("canal", bones))
      for d, n, bones in ((2.0, 240, ("radius", "ulna")), (3.0, 330, ("femur", "tibia")),
                          (4.0, 380, ("femur",)))),
    *(_tool(f"locking_bolt_{d:g}x{n}", "locking bolt", ("nail bolt", "interlocking screw", "cross screw"),
            (f"{d:g} mm", f"{n} mm"), n, partial(_locking_bolt, d, n), Site("across", ("femur", "tibia"), spread=0.4))
      for d, n in ((4.0, 30), (5.0, 40), (5.0, 60))),
    *(_tool(f"{key}_{n}", noun, aliases, (f"{n} mm",), n, partial(_lag_alone, n, key == "helical_blade"),
            Site("across", ("femur",), 0.1, 0.02)) for key, noun, aliases, lengths in
      (("hip_lag_screw", "hip lag screw", ("lag screw", "femoral neck screw", "head screw"), (90, 105)),
       ("helical_blade", "helical blade", ("spiral blade", "femoral neck blade", "head blade"),
           (95,))) for n in lengths),
    _tool("nail_end_cap", "nail end cap", ("end cap", "nail cap", "closing screw"), ("5 mm",), 17, partial(_end_cap, 5),
          Site("canal", ("femur",))),
)  # fmt: skip
