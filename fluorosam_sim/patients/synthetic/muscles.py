"""Muscles of the vocabulary as fans of tapered strands between their bones."""

# ruff: noqa: RUF005 - lists are added to arrays here, not joined
from __future__ import annotations

import numpy as np

from fluorosam_sim.patients.synthetic.anatomy_frame import Frame
from fluorosam_sim.patients.synthetic.bones import Points
from fluorosam_sim.patients.synthetic.canvas import Canvas
from fluorosam_sim.patients.synthetic.organs import curve
from fluorosam_sim.patients.synthetic.traits import SIDES, Side

_MUSCLE_HU = 56.0


def paint_muscles(page: Canvas, body: Frame) -> None:
    """Deep back muscles, iliopsoas and the three gluteal muscles of both sides."""
    for side in SIDES:
        _back(page, body, side)
        _iliopsoas(page, body, side)
        _gluteal(page, body, side)


def _strand(page: Canvas, name: str, path: Points, radii: list[float], margin: float = 8.0) -> None:
    steps = np.linspace(0, 1, len(path))
    page.tube(path, np.interp(steps, np.linspace(0, 1, len(radii)), radii), name, _MUSCLE_HU, grain=11, margin=margin)


def _back(page: Canvas, body: Frame, side: Side) -> None:
    x = 1.0 if side == "left" else -1.0
    name = f"autochthon_{side}"
    lumbar = [v.center + [x * 27.0, 44.0 * v.size[1], 0] for v in body.lumbar]
    start = body.place((x * 30, 88, -140))[0]
    path = curve([start, *lumbar, body.endplate + [x * 22, 56, -46]], 40)
    _strand(page, name, path, [21, 23, 22, 20, 9])
    nape = [body.head.point(np.array(p)) for p in ((x * 15, 50.0, 420.0), (x * 15, 45.0, 455.0), (x * 19, 46.0, 495.0))]
    path = curve([body.place((x * 18, 58, 132))[0], *nape], 24)
    _strand(page, name, path, [15, 15, 14, 12])


def _iliopsoas(page: Canvas, body: Frame, side: Side) -> None:
    x = 1.0 if side == "left" else -1.0
    name = f"iliopsoas_{side}"
    leg = body.lower.legs[side]
    down = (leg.knee - leg.hip) / np.linalg.norm(leg.knee - leg.hip)
    lesser = leg.hip + down * 58 + [x * 2, 14.0, 0]
    grow = body.traits.thorax_breadth
    rim = leg.hip + [-x * 2, -30.0, 16.0]
    psoas = curve(
        [
            body.place((x * 27, 34, -112))[0],
            body.body("L3") + [x * 38, -2, 0],
            body.body("L5") + [x * 50, -10, 0],
            rim,
            lesser,
        ],
        50,
    )
    _strand(page, name, psoas, [7 * grow, 19 * grow, 22 * grow, 17 * grow, 9 * grow], margin=12)
    hip = next(b for b in body.lower.pelvis if b.leaf == f"hip_{side}").vertices
    wing = hip[np.argmax(hip[:, 2])]
    for share in (0.15, 0.5, 0.85):
        origin = wing + [-x * 20, -18 - 46 * share, -22 - 22 * share]
        _strand(page, name, curve([origin, (origin + rim) / 2 + [-x * 6, -4, 0], rim], 24), [8, 13, 12], margin=12)


def _gluteal(page: Canvas, body: Frame, side: Side) -> None:
    x = 1.0 if side == "left" else -1.0
    leg = body.lower.legs[side]
    scale = body.traits.femur_mm / 455
    hip = next(b for b in body.lower.pelvis if b.leaf == f"hip_{side}").vertices
    femur = next(b for b in leg.bones if b.leaf == f"femur_{side}").vertices
    near = femur[np.linalg.norm(femur - leg.hip, axis=1) < 95 * scale]
    trochanter = near[np.argmax(near[:, 0] * x)]
    down = (leg.knee - leg.hip) / np.linalg.norm(leg.knee - leg.hip)
    shaft = trochanter + down * 52 * scale + np.array([-x * 14, 14.0, 0])
    crest = hip[np.argmax(hip[:, 2])]
    rear = hip[np.argmax(hip[:, 1])]
    # Smallest and deepest first: what is painted stays.
    for share in np.linspace(0, 1, 4):
        origin = crest * (1 - share) + np.array([hip[:, 0].mean() + x * 28, rear[1] - 30, leg.hip[2] + 46]) * share
        origin = origin + [x * 10, -14.0 + 14 * share, -62.0 * (1 - share)]
        path = curve([origin, (origin + trochanter) / 2 + [x * 8, 0, 8], trochanter + [0, -6, 8]], 20)
        _strand(page, f"gluteus_minimus_{side}", path, [6, 9, 8, 5])
    for share in np.linspace(0, 1, 6):
        origin = crest + (rear - crest) * 0.8 * share + np.array([x * 10, -34.0 * (1 - share), -14.0])
        path = curve([origin, (origin + trochanter) / 2 + [x * 16, 6, 14], trochanter + [0, 4, 6]], 22)
        _strand(page, f"gluteus_medius_{side}", path, [8, 15, 14, 7])
    coccyx = body.lower.legs[side].hip * [0, 1, 1] + [x * 16, 62.0, -6.0]
    for share in np.linspace(0, 1, 7):
        origin = rear * (1 - share) + coccyx * share + np.array([0, 6.0, -8.0])
        goal = shaft + down * 32 * share
        middle = (origin + goal) / 2 + np.array([x * 6, 22.0, -6.0])
        _strand(page, f"gluteus_maximus_{side}", curve([origin, middle, goal], 24), [11, 20, 18, 9])
