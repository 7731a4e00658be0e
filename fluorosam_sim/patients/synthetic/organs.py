"""Organs that the chest CT lacks or cuts: abdomen, pelvis, neck, and vessels carried on from it."""

# ruff: noqa: RUF005 - lists are added to arrays here, not joined
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.interpolate import CubicSpline

from fluorosam_sim.patients.synthetic.anatomy_frame import Frame
from fluorosam_sim.patients.synthetic.bones import Points
from fluorosam_sim.patients.synthetic.canvas import Canvas
from fluorosam_sim.patients.synthetic.traits import SIDES, stream

_BLOOD_HU = 45.0
_VISCERA = ("small_bowel", "duodenum", "colon", "stomach", "pancreas", "liver")


def curve(knots: Sequence[Points], samples: int) -> Points:
    """(samples, 3) smooth curve through knots, at even steps of the knots' chord length."""
    path = np.stack(list(knots))
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    return np.asarray(CubicSpline(length, path)(np.linspace(0, length[-1], samples)))


def paint_organs(page: Canvas, body: Frame) -> None:
    """All organs that are not muscle or bone, big vessels first, so that bowel fills what is left."""
    _spinal_canal(page, body)
    _neck(page, body)
    _vessels(page, body)
    _kidneys(page, body)
    _pelvic_organs(page, body)
    _gallbladder(page, body)
    _colon(page, body)
    _small_bowel(page, body)


def _spinal_canal(page: Canvas, body: Frame) -> None:
    behind = np.array([0, 25.0, 0])
    start = body.place((0, 52, -60))[0]
    lumbar = [v.center + behind * v.size[1] for v in body.lumbar]
    l1 = body.place((0, 52, -100))[0]
    tail = body.endplate + [0, 33.0, -22.0]
    path = curve([start, l1, *lumbar, tail], 60)
    page.tube(path, np.linspace(7.5, 6.0, 60), "spinal_cord", 30, grain=4)
    up = [
        body.head.point(np.array(p)) for p in ((0, 27.0, 415.0), (0, 24.0, 440.0), (0, 22.0, 470.0), (0, 20.0, 512.0))
    ]
    path = curve([body.place((0, 36, 118))[0], *up], 40)
    page.tube(path, np.full(40, 6.5), "spinal_cord", 32, grain=4, over=("autochthon_left", "autochthon_right"))


def _neck(page: Canvas, body: Frame) -> None:
    """Airway from the thoracic inlet to the nose, oesophagus, carotid arteries, thyroid gland."""
    inlet = body.place((0, -5, 140))[0]
    larynx = body.head.point(np.array([0, -19.0, 440.0]))
    pharynx = body.head.point(np.array([0, -17.0, 478.0]))
    vault = body.head.point(np.array([0, -16.0, 512.0]))
    airway = curve([inlet, larynx, pharynx, vault], 50)
    trachea = airway[:22]
    page.tube(trachea, np.full(22, 10.5), "trachea", 20, grain=5, over=("trachea",))
    page.tube(airway[:22], np.full(22, 8.5), None, -985, grain=3)
    page.tube(airway[21:], np.full(29, 7.0), None, -985, grain=3)
    gullet = airway[:22] + [2.0, 16.0, 0]
    page.tube(gullet, np.full(22, 6.0), "esophagus", 38)
    for side, x in (("left", 1.0), ("right", -1.0)):
        start = body.place((x * 16, -8, 146))[0]
        path = curve([start, larynx + [x * 26, 8.0, -14], pharynx + [x * 27, 12.0, -8]], 24)
        page.tube(path, np.full(24, 4.2), f"common_carotid_artery_{side}", _BLOOD_HU + 180 * body.traits.contrast)
        lobe = curve([inlet + [x * 19, 3, 6], inlet + [x * 21, 4, 22], inlet + [x * 18, 4, 40]], 10)
        page.tube(lobe, [5, 8, 10, 11, 11, 10, 9, 8, 6, 4], "thyroid_gland", 110)


def _vessels(page: Canvas, body: Frame) -> None:
    """Aorta and inferior vena cava down to their forks, iliac vessels to the groins."""
    bright = _BLOOD_HU + 220 * body.traits.contrast
    grow = body.traits.thorax_breadth
    front = {v.level: v.center + [0, -27.0 * v.size[1], 0] for v in body.lumbar}
    aorta = curve([body.place((-6, 4, -150))[0], front["L3"] + [7, 0, 0], front["L4"] + [4, 1, -6]], 24)
    page.tube(aorta, np.linspace(10, 8.5, 24) * grow, "aorta", bright, over=_VISCERA)
    cava = curve([body.place((-26, -2, -150))[0], front["L3"] + [-20, 3, 0], front["L4"] + [-17, 6, -14]], 24)
    page.tube(cava, np.linspace(11, 10, 24) * grow, "inferior_vena_cava", _BLOOD_HU, over=_VISCERA)
    for side in SIDES:
        x = 1.0 if side == "left" else -1.0
        hip = body.lower.legs[side].hip
        brim = (hip + body.endplate) / 2
        groin = hip + [-x * 8, -38.0, 8.0]
        for name, start, radius, hu, shift in (
            ("iliac_artery", aorta[-1], 5.2, bright, np.zeros(3)),
            ("iliac_vena", cava[-1], 6.6, _BLOOD_HU, np.array([-x * 11, 5.0, -4.0])),
        ):
            path = curve([start, brim + [-x * 6, -20.0, 14.0] + shift, groin + shift], 30)
            page.tube(path, np.full(30, radius * grow), f"{name}_{side}", hu, over=_VISCERA)


def _kidneys(page: Canvas, body: Frame) -> None:
    rng = stream(body.traits.seed, "kidneys")
    size = body.traits.organ_size
    for side, cyst in zip(SIDES, body.traits.kidney_cysts, strict=True):
        x, drop = (1.0, 0.0) if side == "left" else (-1.0, -9.0)
        shift = rng.normal(0, 3, 3) + np.array([0, 0, drop]) + body.traits.organ_shift_mm
        knots = np.array([[x * 44, 40, -98], [x * 56, 36, -118], [x * 62, 30, -140], [x * 66, 25, -172]]) + shift
        path = curve(list(body.place(*map(tuple, knots))), 16)  # type: ignore[arg-type]
        radii = np.interp(np.linspace(0, 1, 16), [0, 0.2, 0.5, 0.8, 1], [15, 24, 25.5, 24, 16]) * size
        hu = 34.0 + 120 * body.traits.contrast
        page.tube(path, radii, f"kidney_{side}", hu, grain=6, over=("colon", "small_bowel", "duodenum"))
        hilum = path[8] + [-x * 22.0, -6.0, 0]
        page.tube([hilum, hilum + [x * 12, 3, 0]], [8 * size, 6 * size], None, -60, grain=8)
        if cyst:
            radius = float(rng.uniform(8, 20))
            at = path[int(rng.integers(3, 13))] + [x * 16.0, float(rng.uniform(-8, 8)), 0]
            page.tube([at, at + 0.1], [radius] * 2, f"kidney_cyst_{side}", 8, grain=3, over=(f"kidney_{side}", "colon"))


def _pelvic_organs(page: Canvas, body: Frame) -> None:
    rng = stream(body.traits.seed, "pelvic organs")
    hips = (body.lower.legs["left"].hip + body.lower.legs["right"].hip) / 2
    full = float(rng.uniform(0.8, 1.25))
    center = hips + [float(rng.normal(0, 3)), -32.0, 12.0 + 8 * full]
    ends = [center + [-14 * full, 0, 0], center + [0, 4, 2], center + [14 * full, 0, 0]]
    hu = 6 + 150 * body.traits.contrast * float(rng.random() < 0.3)
    page.tube(ends, [27 * full, 32 * full, 27 * full], "urinary_bladder", hu, grain=3, over=_VISCERA)
    if body.traits.sex == "male":
        gland = hips + [0, -24.0, -24.0]
        size = float(rng.uniform(0.85, 1.3))
        page.tube([gland + [-6, 0, 0], gland + [6, 0, 0]], [18 * size] * 2, "prostate", 42, grain=5)
    else:
        fundus = center + [float(rng.normal(0, 8)), 28.0, 36.0]
        page.tube([center + [0, 30, -22], center + [0, 34, 8], fundus], [14, 18, 25], None, 48, grain=6)


def _gallbladder(page: Canvas, body: Frame) -> None:
    size = body.traits.organ_size
    path = body.place((-46, -50, -92), (-52, -64, -108), (-56, -74, -124))
    page.tube(path, [7 * size, 13 * size, 14 * size], "gallbladder", 12, grain=3, over=("liver", "colon", "duodenum"))


def _gas(rng: np.random.Generator, count: int, share: float) -> Points:
    """(count,) gas level along a gut: −1 where it holds none, else the share of its width in front that does."""
    slow = np.convolve(rng.normal(0, 1, count + 24), np.hanning(25) / np.hanning(25).sum(), mode="valid")
    threshold = np.quantile(slow, 1 - share)
    return np.where(slow > threshold, np.clip((slow - threshold) / 0.25 - 0.5, -0.5, 0.9), -1.0)


def _colon(page: Canvas, body: Frame) -> None:
    """Caecum and ascending colon, descending, sigmoid, rectum; the flexures and transverse colon are the CT's own."""
    rng = stream(body.traits.seed, "colon")
    hips = (body.lower.legs["left"].hip + body.lower.legs["right"].hip) / 2
    crest = {leaf: next(b for b in body.lower.pelvis if b.leaf == leaf).vertices for leaf in ("hip_left", "hip_right")}
    wing_left, wing_right = (v[np.argmax(v[:, 2])] for v in crest.values())
    caecum = wing_right + [34.0, -52.0, -58.0]
    ascending = curve(
        [caecum, wing_right + [26, -38, -14], body.place((-98, -6, -150))[0], body.place((-96, -30, -118))[0]], 60
    )
    descending = curve(
        [
            body.place((104, 8, -105))[0],
            body.place((102, 12, -150))[0],
            wing_left + [-28, -30, -4],
            wing_left + [-46, -46, -52],
            hips + [38, -22, 62],
            hips + [float(rng.uniform(-40, 5)), -8, 78],
            hips + [-6, 26, 58],
            hips + [2, 46, 26],
            hips + [0, 36, -24],
        ],
        150,
    )
    for path, wide in ((ascending, 22.0), (descending, 16.0)):
        count = len(path)
        phase = np.linspace(0, 1, count) * count / 7.0 * 2 * np.pi
        jitter = np.interp(
            np.arange(count),
            np.arange(0, count + 9, 10),
            rng.uniform(0.85, 1.15, count // 10 + 1)[: len(np.arange(0, count + 9, 10))],
        )
        radii = wide * (1 + 0.16 * np.sin(phase)) * jitter
        page.tube(
            path, radii, "colon", 18, gas=_gas(rng, count, body.traits.gas), grain=40, over=("small_bowel",), margin=14
        )


def _small_bowel(page: Canvas, body: Frame) -> None:
    """Loops that wander to and fro through the free space of the abdomen, never far from a plane."""
    rng = stream(body.traits.seed, "small bowel")
    hips = (body.lower.legs["left"].hip + body.lower.legs["right"].hip) / 2
    top, bottom = body.place((0, -50, -138))[0], hips + [0, -35, 66]
    middle, half = (top + bottom) / 2, abs(top[2] - bottom[2]) / 2
    wide = 72.0 * body.traits.thorax_breadth
    knots: list[Points] = []
    rows = 7
    for row in range(rows):
        height = middle[2] + half * (1 - 2 * (row + 0.5) / rows)
        order = range(6) if row % 2 == 0 else range(5, -1, -1)
        for column in order:
            x = wide * (2 * (column + 0.5) / 6 - 1) + rng.normal(0, 9)
            ahead = (0.5 + 0.5 * (-1) ** column) * 46
            knots.append(np.array([x, middle[1] - 22 + ahead * rng.uniform(0.5, 1.2), height + rng.normal(0, 9)]))
    path = curve(knots, 420)
    ripple = 1 + 0.07 * np.sin(np.arange(420) * 1.9)
    radii = np.interp(np.arange(420), np.arange(0, 430, 30), rng.uniform(9.5, 14.5, 15)) * ripple
    page.tube(path, radii, "small_bowel", 30, gas=_gas(rng, 420, 0.5 * body.traits.gas), grain=14, margin=16)
    # The lower part of the duodenum, round the head of the pancreas and across the spine.
    front = body.body("L3") + [0, -36.0, 0]
    loop = curve(
        [body.place((-42, -20, -120))[0], body.place((-46, -8, -152))[0], front + [-14, 0, 6], front + [26, -4, 16]], 30
    )
    page.tube(loop, np.full(30, 11.0), "duodenum", 28, grain=12, over=("small_bowel",))
