"""Airway and feeding tubes, and drains. Long ones are modelled by the length that lies in the body."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from fluorosam_sim.tools.definition import Kind, Site, Tool, Words
from fluorosam_sim.tools.families.catheters import across
from fluorosam_sim.tools.materials import (
    BARIUM_STRIPE,
    OPAQUE_POLYURETHANE,
    OPAQUE_SILICONE,
    PVC,
    SILICONE,
    TUNGSTEN,
    Material,
)
from fluorosam_sim.tools.shapes import (
    Solid,
    aligned,
    cut,
    cylinder,
    ellipsoid,
    prism,
    ring,
    stroke,
    union,
)
from fluorosam_sim.tools.sweeps import smooth, strip, sweep, tube

Made = list[tuple[Solid, Material]]
_Path = Sequence[tuple[float, float, float]]


def _airway_tube(inner: float, length: float, bend: float, cuff: float, flange: bool = False) -> Made:
    """A cuffed tube with an opaque line in its wall; z runs towards the lungs."""
    r_in, r_out = inner / 2, inner / 2 + 1.3
    if flange:
        points: _Path = [(0, -40, -35), (0, -12, -32), (0, -1, -14), (0, 0, 20), (0, 0, length - 35)]
    else:
        points = [(0, -bend, -0.55 * length), (0, -0.3 * bend, -0.3 * length), (0, 0, 0.0), (0, 0, 0.45 * length)]
    path = smooth(points, 60)
    wall = tube(path, r_out, r_in, 28)
    line = tube(np.add(path[1:-1], (0.5 * (r_in + r_out), 0, 0)), 0.42, corners=8)
    end = float(path[-1, 2])
    at = end - 34
    balloon = (
        ellipsoid(cuff, cuff, 17, (0, 0, at)) - ellipsoid(cuff - 0.25, cuff - 0.25, 16.6, (0, 0, at))
    ) - cylinder(r_out + 0.01, at - 30, at + 30)
    rest = []
    if flange:
        rest.append(
            aligned(
                prism(stroke([(-28, 0), (28, 0)], 20), -1.5, 1.5) - cylinder(r_out, -9, 9), path[1] - path[0], path[3]
            )
        )
    else:
        rest.append(aligned(ring(7.5, r_in, 0, 14) + ring(10, r_in, 10, 14), path[0] - path[1], path[0]))
    return [(union([wall, balloon, *rest]) - line, PVC), (line, BARIUM_STRIPE)]


def _double_lumen() -> Made:
    main = smooth([(0, -50, -190), (0, -18, -110), (0, 0, 0), (0, 0, 60), (9, 0, 84), (20, 0, 104)], 70)
    body = sweep(
        main,
        6.2
        * np.column_stack(
            [np.cos(np.linspace(0, 2 * np.pi, 25)[:-1]), 0.95 * np.sin(np.linspace(0, 2 * np.pi, 25)[:-1])]
        ),
        np.concatenate([np.ones(52), np.linspace(1, 0.62, 18)]),
    )
    lumens = [tube(np.add(main, (0, s * 2.9, 0)), 2.2, corners=14) for s in (-1, 1)]
    cuffs = [ellipsoid(9, 9, 13, (0, 0, 30)), aligned(ellipsoid(6.2, 6.2, 7), main[-8] - main[-10], main[-8])]
    return [(cut(union([body, *cuffs]), lumens), PVC)]


def _striped(
    points: _Path,
    outer: float,
    inner: float,
    holes: int,
    material: Material,
    stripe: bool = True,
    tip: Material | None = None,
) -> Made:
    """A tube with an opaque line in its wall, interrupted by the last of its side holes."""
    path = smooth(points, 90)
    parts: Made = []
    wall = tube(path, outer / 2, inner / 2, 18)
    spots = np.linspace(0.80, 0.97, max(holes, 1))[:holes]
    eyes = [across(path, float(s), 0.32 * outer, 2 * outer, 180.0 * (n % 2)) for n, s in enumerate(spots)]
    wall = cut(wall, eyes) if eyes else wall
    if stripe:
        beside = np.cross(np.gradient(path, axis=0), (0.0, 1.0, 0.0))
        beside /= np.linalg.norm(beside, axis=1, keepdims=True)
        line = tube((path + beside * (outer + inner) / 4)[1:-1], 0.19 * (outer - inner) + 0.12, corners=6)
        line = cut(line, eyes[-1:]) if eyes else line
        parts.append((line, BARIUM_STRIPE))
        wall = wall - line
    if tip is not None:
        end = path[-1] - path[-2]
        beads = union([aligned(cylinder(0.85 * outer / 2, 1 + 5 * n, 5 + 5 * n), end, path[-1]) for n in range(5)])
        parts.append((beads, tip))
        wall = wall + (aligned(cylinder(outer / 2, -0.1, 27, 0.8 * outer / 2), end, path[-1]) - beads)
    return [(wall, material), *parts]


def _flat_drain() -> Made:
    path = smooth([(0, 0, 0), (0, 3, 60), (0, 0, 130), (0, 0, 200)], 40)
    flat = sweep(path, strip(10, 4), 1.0, (0, 1, 0)) - sweep(path, strip(8, 2.4), 1.0, (0, 1, 0))
    eyes = [
        cylinder(1.4, -9, 9).rotate((90, 0, 0)).translate((x, 0, z))
        for z in np.arange(10.0, 192.0, 9.0)
        for x in (-2.5, 2.5)
    ]
    lead = tube(smooth([(0, 0, 2), (0, 0, -60), (14, 0, -130)], 30), 2.4, 1.5, 12)
    return [(cut(flat, eyes) + lead, OPAQUE_SILICONE)]


def _bulb() -> Made:
    shell = ellipsoid(32, 32, 46) - ellipsoid(30.5, 30.5, 44.5)
    spouts = ring(5, 3, -60, -44) + ring(5, 3, 44, 60)
    return [(shell + spouts, SILICONE)]


def _t_tube() -> Made:
    stem = tube(smooth([(0, 0, -150), (0, 10, -80), (0, 0, -1)], 50), 2.0, 1.2, 14)
    return [
        (
            (stem + ring(2.0, 1.2, -35, 35).rotate((0, 90, 0)))
            - cylinder(1.2, -34.9, 34.9).rotate((0, 90, 0))
            - cylinder(1.2, -3, 0),
            OPAQUE_SILICONE,
        )
    ]


def _laryngeal_mask() -> Made:
    path = smooth([(0, -40, -95), (0, -8, -40), (0, 0, 0), (0, 0, 18)], 40)
    cuff = ellipsoid(23, 11, 42, (0, 0, 50)) - ellipsoid(13, 20, 30, (0, 0, 52))
    hollow = ellipsoid(22, 10, 41, (0, 0, 50)) - ellipsoid(14, 21, 31, (0, 0, 52))
    return [((cuff - hollow) + (tube(path, 6.5, 5, 24)), SILICONE)]


def _tool(key: str, family: str, noun: str, aliases: tuple[str, ...], sizes: tuple[str, ...], length: float,
    maker: partial[Made],
          site: Site, kind: Kind = "instrument") -> Tool:  # fmt: skip
    words = Words(noun, noun + "s", aliases, sizes)
    return Tool(key, " ".join((noun, *sizes)), family, kind, length, words, maker, site)


_TRACHEA, _GULLET = Site("lumen", ("trachea",)), Site("lumen", ("esophagus",))
_CHEST = Site("organ", ("lung_upper_lobe", "lung_lower_lobe"))
_BELLY = Site("organ", ("liver", "spleen", "small_bowel"))

TOOLS: tuple[Tool, ...] = (
    *(_tool(f"endotracheal_tube_{d:g}", "tubes", "endotracheal tube", ("ET tube", "ETT", "breathing tube",
          "intubation tube"), (f"{d:g} mm",), 300,
            partial(_airway_tube, d, 280, 85, 11), _TRACHEA) for d in (7.0, 8.0)),
    _tool("double_lumen_tube", "tubes", "double-lumen tube", ("DLT", "left-sided double lumen tube",
        "bronchial tube"), ("37 French",), 310, partial(_double_lumen), _TRACHEA),
    _tool("tracheostomy_tube", "tubes", "tracheostomy tube", ("tracheal cannula", "trach tube"), ("8 mm",),
        125, partial(_airway_tube, 8.0, 95, 0, 11, True), _TRACHEA),
    _tool("laryngeal_mask", "tubes", "laryngeal mask", ("LMA", "supraglottic airway", "larynx mask"), (), 192,
        partial(_laryngeal_mask), Site("lumen", ("trachea",), 0.0)),
    _tool("nasogastric_tube", "tubes", "nasogastric tube", ("NG tube", "stomach tube", "gastric tube"),
        ("16 French",), 400,
          partial(_striped, [(0, 0, -200), (3, 0, -100), (0, 0, 0), (4, 0, 110), (24, 0, 190)], 5.3, 3.6, 6, PVC),
          _GULLET),
    _tool("feeding_tube", "tubes", "weighted feeding tube", ("Dobhoff", "nasojejunal tube", "feeding tube"),
        ("10 French",), 425,
          partial(_striped, [(0, 0, -200), (3, 0, -100), (0, 0, 0), (6, 0, 110), (34, 0, 190)], 3.3, 2.2, 0,
          OPAQUE_POLYURETHANE, False, TUNGSTEN), _GULLET),
    *(_tool(f"chest_tube_{f}fr", "tubes", "chest tube", ("thoracic drain", "Bülau drain", "chest drain"),
          (f"{f} French",), 254,
            partial(_striped, [(110, 0, -90), (70, 10, -60), (20, 20, 0), (0, 15, 80), (-6, 0, 160)], f / 3,
            f / 3 - 2.6, 5, PVC), _CHEST) for f in (20, 28)),
    _tool("redon_drain_14", "drains", "Redon drain", ("suction drain", "wound drain", "Hemovac drain"),
        ("14 French",), 240,
          partial(_striped, [(20, 0, -110), (0, 0, -40), (4, 6, 40), (0, 0, 130)], 4.7, 3.0, 14, PVC), _BELLY),
    _tool("flat_drain_10", "drains", "flat silicone drain", ("Jackson-Pratt", "JP drain", "flat drain"), ("10 mm",),
        330, partial(_flat_drain), _BELLY),
    _tool("drain_bulb", "drains", "drain suction bulb", ("JP bulb", "grenade", "drain reservoir"), (), 120,
        partial(_bulb), _BELLY),
    _tool("t_tube_12", "drains", "biliary T-tube", ("Kehr drain", "T-tube", "bile duct drain"), ("12 French",), 152,
        partial(_t_tube), Site("organ", ("liver",))),
    _tool("ventricular_drain", "drains", "external ventricular drain", ("EVD", "ventriculostomy", "brain drain"),
        ("9 French",), 200,
          partial(_striped, [(30, 0, -110), (6, 0, -60), (0, 0, 0), (0, 0, 70)], 3.0, 1.6, 8, OPAQUE_SILICONE, False),
          Site("organ", ("brain",))),
)  # fmt: skip
