"""Leads, pulse generators and other active implants."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from fluorosam_sim.tools.definition import Kind, Site, Tool, Words
from fluorosam_sim.tools.materials import ELECTRONICS, PLATINUM, PMMA, SILICONE, STEEL, TITANIUM, Material
from fluorosam_sim.tools.shapes import (
    Solid,
    aligned,
    box,
    cylinder,
    disc,
    hull,
    prism,
    rectangle,
    ring,
    sphere,
    stroke,
    torus,
    union,
)
from fluorosam_sim.tools.sweeps import FloatArray, helix, smooth, tube

Made = list[tuple[Solid, Material]]
_Path = Sequence[tuple[float, float, float]]


def _lead(
    points: _Path,
    radius: float,
    bands: tuple[tuple[float, float], ...],
    screw: bool,
    plug: bool = True,
    count: int = 120,
) -> Made:
    """A conductor in insulation; bands: (place along it, length in mm) of electrodes and shock coils."""
    path = smooth(points, count)
    core = 0.45 * radius
    length = float(np.linalg.norm(np.diff(path, axis=0), axis=1).sum())
    rings: list[Solid] = []
    for place, long in bands:
        half = max(round(long / length * count / 2), 1)
        middle = int(place * (count - 1))
        piece = path[max(middle - half, 0) : min(middle + half + 1, count)]
        rings.append(tube(piece, 1.12 * radius, 1.01 * radius, 14) if long > 4 else _cuff(path, middle, long, radius))
    end = path[-1] - path[-2]
    tip = cylinder(1.05 * radius, 0.02, 2.0)
    if screw:
        tip = tip + tube(helix(0.75 * radius, 0.9, 2.2, 12), 0.22, corners=6).translate((0, 0, 1.8))
    else:
        tip = tip + sphere(1.05 * radius, (0, 0, 2.0))
    rings.append(aligned(tip, end, path[-1]))
    made: Made = [
        (tube(path, radius, core + 0.01, 12), SILICONE),
        (tube(path, core, corners=8), STEEL),
        (union(rings), PLATINUM),
    ]
    if plug:
        made.append(
            (
                aligned(
                    cylinder(1.6, 0.02, 22) - ring(3, 1.2, 6, 8) - ring(3, 1.2, 12, 14), path[0] - path[1], path[0]
                ),
                TITANIUM,
            )
        )
    return made


def _cuff(path: FloatArray, middle: int, long: float, radius: float) -> Solid:
    middle = int(np.clip(middle, 1, len(path) - 2))
    return aligned(
        ring(1.12 * radius, 1.01 * radius, -long / 2, long / 2), path[middle + 1] - path[middle - 1], path[middle]
    )


def _generator(width: float, height: float, thick: float, ports: int) -> Made:
    """A titanium can with battery and circuit, and a clear header for the plugs."""
    outline = rectangle(width, height, 0.32 * height) + rectangle(0.8 * width, 0.6 * height, 3).translate(
        (0, 0.2 * height)
    )
    can = prism(outline, -thick / 2, thick / 2)
    hollow = prism(outline.offset(-0.5), -thick / 2 + 0.5, thick / 2 - 0.5)
    battery = prism(
        rectangle(0.62 * width, 0.42 * height, 4).translate((-0.1 * width, -0.22 * height)), -0.36 * thick, 0.36 * thick
    )
    board = prism(rectangle(0.7 * width, 0.3 * height, 1).translate((0, 0.22 * height)), -0.2 * thick, 0.16 * thick)
    header = hull(
        *[
            cylinder(0.42 * thick, -0.34 * width, 0.34 * width).rotate((0, 90, 0)).translate((0, y, 0))
            for y in (0.5 * height + 0.4 * thick + 0.02, 0.5 * height + 6)
        ]
    )
    bores = [
        cylinder(1.6, -width, 0.26 * width)
        .rotate((0, 90, 0))
        .translate((0, 0.5 * height + 2.4 + 4 * n / max(ports - 1, 1), (n % 2 - 0.5) * 0.3 * thick))
        for n in range(ports)
    ]
    blocks = [
        box(3, 2.6, 3, (x, 0.5 * height + 2.4 + 4 * n / max(ports - 1, 1), (n % 2 - 0.5) * 0.3 * thick))
        for n in range(ports)
        for x in (-0.16 * width, 0.12 * width)
    ]
    header = header - can
    metal = union(blocks) - union(bores) - can
    turn = (90.0, 0.0, 0.0)
    return [((can - hollow).rotate(turn), TITANIUM), (battery.rotate(turn), STEEL),
        ((board - battery).rotate(turn), ELECTRONICS),
            ((header - union([*bores, *blocks])).rotate(turn), PMMA), (metal.rotate(turn), STEEL)]  # fmt: skip


def _leadless() -> Made:
    body = cylinder(3.35, -13, 11) + sphere(3.35, (0, 0, -13))
    inner = cylinder(2.8, -12.5, 10.4)
    tines = [tube(smooth([(2.6 * np.cos(a), 2.6 * np.sin(a), 10), (3.4 * np.cos(a), 3.4 * np.sin(a), 15),
        (6 * np.cos(a), 6 * np.sin(a), 14), (6.5 * np.cos(a), 6.5 * np.sin(a), 10)], 14), 0.3, corners=6)
             for a in (0.4, 1.97, 3.54, 5.11)]  # fmt: skip
    return [(union([body - inner, *tines]), TITANIUM), (inner.scale((0.98, 0.98, 0.98)), ELECTRONICS)]


def _loop_recorder() -> Made:
    shell = prism(rectangle(7.2, 44.8, 2.4), -2, 2)
    inner = prism(rectangle(6.2, 30, 2), -1.5, 1.5)
    return [
        ((shell - inner).rotate((90, 0, 0)), TITANIUM),
        (inner.scale((0.99, 0.99, 0.98)).rotate((90, 0, 0)), ELECTRONICS),
    ]


def _paddle() -> Made:
    pad = prism(rectangle(10, 50, 4), -1, 1)
    dots = union(
        [prism(rectangle(2.4, 5, 0.6).translate((x, y)), 0.4, 1.001) for x in (-3, 3) for y in np.arange(-19, 20, 7.5)]
    )
    tails = [
        tube(smooth([(x, -24, 0), (x * 1.6, -60, 0), (x * 2 + 6, -110, 3)], 40), 0.7, corners=8) for x in (-2.0, 2.0)
    ]
    return [
        ((pad - dots).rotate((90, 0, 0)), SILICONE),
        (dots.rotate((90, 0, 0)), PLATINUM),
        ((union(tails) - pad).rotate((90, 0, 0)), STEEL),
    ]


def _cochlear() -> Made:
    """Receiver with magnet and coil behind the ear, electrode spiral in the cochlea."""
    body = hull(cylinder(15, -2, 2), cylinder(9, -2.5, 2.5)) + hull(
        cylinder(9, -2.4, 2.4).translate((0, 18, 0)), cylinder(9, -2.4, 2.4).translate((0, 26, 0))
    )
    coil, magnet = torus(12.5, 0.8), cylinder(5.5, -1.4, 1.4)
    chip = box(11, 14, 3, (0, 22, 0))
    lead = smooth([(0, 34, 0), (6, 48, 3), (18, 58, 9), (26, 60, 14)], 40)
    t = np.linspace(0, 2.4 * np.pi, 50)
    spiral = np.column_stack(
        [26 + 4.6 * np.exp(-0.16 * t) * np.sin(t), 64.6 - 4.6 * np.exp(-0.16 * t) * np.cos(t), 14 + 0.35 * t]
    )
    wire = tube(np.concatenate([lead, spiral[1:]]), 0.4, corners=8)
    dots = union([sphere(0.34, tuple(p.tolist())) for p in np.add(spiral[8::4], (0, 0, 0.75))])
    return [
        (body - union([coil, magnet, chip]), SILICONE),
        (union([coil, dots]), PLATINUM),
        (magnet, STEEL),
        (chip, ELECTRONICS),
        (wire - body - dots, PLATINUM),
    ]


def _ecg_electrode() -> Made:
    stud = union([cylinder(5, 0, 0.8), cylinder(2, 0.7, 3.2), sphere(2.1, (0, 0, 3.4))])
    clip = prism(stroke([(0, 0), (16, 2)], 9) - disc(2.2), 2.6, 5.2)
    cable = tube(smooth([(19, 2, 3.9), (40, 8, 3.9), (70, -6, 3.9), (100, 10, 3.9)], 40), 1.0, corners=8)
    return [(stud, STEEL), (clip - stud, PMMA), (cable - clip, STEEL)]


def _tool(
    key: str,
    noun: str,
    aliases: tuple[str, ...],
    sizes: tuple[str, ...],
    length: float,
    maker: partial[Made],
    site: Site | None,
    kind: Kind = "implant",
) -> Tool:
    return Tool(
        key, " ".join((noun, *sizes)), "leads", kind, length, Words(noun, noun + "s", aliases, sizes), maker, site
    )


_HEART = Site("organ", ("heart",))
_CHEST = Site("chest wall", ("lung_upper_lobe",))
_BRAIN = Site("organ", ("brain",))
_VENTRICLE: _Path = [(-40, 0, -150), (0, 0, -120), (10, 0, -60), (0, 0, 0), (14, -6, 50), (52, -12, 70)]
_ATRIUM: _Path = [(-40, 0, -130), (0, 0, -100), (6, 0, -40), (0, 0, 10), (4, -8, 34), (14, -26, 30), (16, -34, 10)]
_SINUS: _Path = [(-40, 0, -150), (0, 0, -120), (4, 0, -40), (10, 0, 10), (40, 14, 26), (68, 4, 44), (82, -16, 66)]

TOOLS: tuple[Tool, ...] = (
    _tool("ventricular_pacing_lead", "ventricular pacing lead", ("RV lead", "pacemaker lead", "pacing wire"), (), 234,
        partial(_lead, _VENTRICLE, 1.0, ((0.955, 2.5),), True), _HEART),
    _tool("atrial_pacing_lead", "atrial pacing lead", ("RA lead", "J lead", "atrial wire"), (), 178,
        partial(_lead, _ATRIUM, 1.0, ((0.95, 2.5),), False), _HEART),
    _tool("dual_coil_icd_lead", "dual-coil defibrillator lead", ("ICD lead", "shock lead", "defib lead"), (), 234,
          partial(_lead, _VENTRICLE, 1.35, ((0.955, 2.5), (0.86, 50.0), (0.35, 70.0)), True), _HEART),
    _tool("left_ventricular_lead", "quadripolar left ventricular lead", ("LV lead", "CRT lead",
        "coronary sinus lead"), (), 230,
          partial(_lead, _SINUS, 0.85, ((0.97, 2.0), (0.92, 2.0), (0.87, 2.0), (0.82, 2.0)), False), _HEART),
    _tool("pacemaker", "pacemaker", ("pacemaker generator", "PPM", "pacer", "pacemaker can"), (), 46,
        partial(_generator, 45, 38, 6.5, 2), _CHEST),
    _tool("defibrillator", "implantable defibrillator", ("ICD", "defibrillator can", "ICD generator"), (), 68,
        partial(_generator, 60, 58, 11, 3), _CHEST),
    _tool("leadless_pacemaker", "leadless pacemaker", ("Micra", "capsule pacemaker", "leadless pacer"), (), 31,
        partial(_leadless), _HEART),
    _tool("loop_recorder", "implantable loop recorder", ("ILR", "Reveal", "cardiac monitor"), (), 45,
        partial(_loop_recorder), _CHEST),
    _tool("deep_brain_lead", "deep brain stimulation lead", ("DBS lead", "DBS electrode", "brain pacemaker lead"), (),
        125,
          partial(_lead, [(44, 0, -56), (22, 0, -58), (2, 0, -46), (0, 0, -10), (0, 0, 60)], 0.64,
          ((0.985, 1.5), (0.965, 1.5), (0.945, 1.5), (0.925, 1.5)), False, False), _BRAIN),
    _tool("spinal_cord_paddle", "spinal cord stimulator paddle", ("SCS paddle", "paddle lead", "epidural paddle"), (),
        135, partial(_paddle), Site("spine", tuple(f"vertebrae_T{n}" for n in range(7, 12)))),
    _tool("cochlear_implant", "cochlear implant", ("CI", "inner ear implant", "hearing implant"), (), 85,
        partial(_cochlear), Site("organ", ("skull",))),
    _tool("ecg_electrode", "ECG electrode with cable", ("EKG lead", "monitoring electrode", "ECG dot"), (), 107,
        partial(_ecg_electrode), None, "instrument"),
)  # fmt: skip
