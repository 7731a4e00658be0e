"""Domain randomisation: area densities → the picture some detector, some processing and some archive would show.

`sample` draws all parameters of one picture, `apply` makes it; the same parameters give the same picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from fluorosam_model.preprocess import channels
from fluorosam_model.training.pool import BITS_STRIDE, View

CELL_PX = 4
"""Pixels of the picture along a cell of a training mask."""
COVER_STEPS = (CELL_PX // BITS_STRIDE) ** 2
"""Coverage of a cell is a whole multiple of 1 / COVER_STEPS."""
BLUR_PX = (0.3, 1.3)
"""Standard deviation of a detector's blur, from and to."""
_USUAL_PX = 256
FloatArray = npt.NDArray[np.float32]

# Photon energies in keV with mass attenuation coefficients in cm²/g of water and cortical bone (NIST).
_ENERGIES_KEV = np.array([35.0, 45.0, 60.0, 80.0, 105.0])
SOFT_CM2_G = np.array([0.310, 0.244, 0.206, 0.184, 0.168])
BONE_CM2_G = np.array([0.910, 0.528, 0.315, 0.223, 0.182])


@dataclass(frozen=True, eq=False)
class Appearance:
    """Everything random about one picture.

    warp: (2, 3) from output to rendered pixels, or None. spectrum: weight of each photon energy. thickness, bone:
    factors on the densities. scatter: scattered over primary. blur_px, sharpen: detector and processing. quanta: per
    pixel at the median. display: "linear", "power" or "log"; power: its exponent. window: quantiles shown. levels:
    grey levels or 0. field: kept rectangle (x0, y0, x1, y1) as fractions; round_field: radius as a fraction, or 0;
    shutter: grey outside, 0 black or 1 white. letterbox: (top, left) rows and columns cut on both sides. holes: (N, 5)
    rectangles x0, y0, x1, y1 and grey, fractions. marks: (text, x, y, size, grey).
    """

    warp: FloatArray | None
    spectrum: FloatArray
    thickness: float
    bone: float
    scatter: float
    blur_px: float
    sharpen: float
    quanta: float
    noise_seed: int
    display: str
    power: float
    window: tuple[float, float]
    invert: bool
    equalise: float
    levels: int
    field: tuple[float, float, float, float]
    round_field: float
    shutter: float
    letterbox: tuple[int, int]
    holes: tuple[tuple[float, float, float, float, float], ...]
    marks: tuple[tuple[str, float, float, float, float], ...]


_PLAIN_SHARE = 0.3


def sample(rng: np.random.Generator, randomised: float = 1.0 - _PLAIN_SHARE, image_px: int = _USUAL_PX) -> Appearance:
    """Draw the appearance of one training picture of image_px × image_px.

    randomised: share of pictures that are processed in some way; the others are left as a detector delivers them.
    """
    plain = rng.random() >= randomised
    chance = np.ones(12) if plain else rng.random(12)
    spectrum = rng.dirichlet(np.array([0.6, 1.2, 1.5, 1.2, 0.6])).astype(np.float32)
    field = (0.0, 0.0, 1.0, 1.0)
    if chance[0] < 0.3:
        x0, y0 = rng.uniform(0, 0.3, 2) * (rng.random(2) < 0.7)
        x1, y1 = 1 - rng.uniform(0, 0.3, 2) * (rng.random(2) < 0.7)
        field = (float(x0), float(y0), float(x1), float(y1))
    letterbox = (0, 0)
    if chance[1] < 0.15:
        cut = int(rng.integers(8, 45)) * image_px // _USUAL_PX
        letterbox = (cut, 0) if rng.random() < 0.6 else (0, cut)
    holes = []
    if chance[2] < 0.2:
        for _ in range(rng.integers(1, 4)):
            x, y = rng.uniform(0, 1, 2)
            w, h = rng.uniform(0.03, 0.22, 2)
            holes.append((float(x - w / 2), float(y - h / 2), float(x + w / 2), float(y + h / 2), float(rng.random())))
    marks = []
    if chance[3] < 0.2:
        for _ in range(rng.integers(1, 3)):
            text = str(rng.choice(["L", "R", "AP", "PA", "SUPINE", "12:45:07", "90 kV", "ID 4711", "+"]))
            x, y = rng.uniform(0.02, 0.9, 2)
            marks.append((text, float(x), float(y), float(rng.uniform(0.3, 0.9)), float(rng.random() < 0.7)))
    display = "linear" if plain or chance[4] < 0.4 else ("log" if chance[4] < 0.7 else "power")
    return Appearance(
        warp=_warp(rng, image_px) if rng.random() < 0.6 else None,
        spectrum=spectrum,
        thickness=float(rng.uniform(0.8, 1.2)),
        bone=float(rng.uniform(0.75, 1.3)),
        scatter=float(rng.uniform(0, 0.6)),
        blur_px=float(rng.uniform(*BLUR_PX)) if chance[6] < 0.6 else 0.0,
        sharpen=float(rng.uniform(0, 1.5)) if chance[7] < 0.25 else 0.0,
        quanta=float(np.exp(rng.uniform(np.log(150), np.log(20000)))),
        noise_seed=int(rng.integers(2**31)),
        display=display,
        power=float(np.exp(rng.uniform(np.log(0.3), np.log(1.6)))),
        window=(0.0, 1.0) if plain else (float(rng.uniform(0, 0.03)), float(1 - rng.uniform(0, 0.06))),
        invert=bool(chance[8] < 0.5),
        equalise=float(rng.uniform(1, 4)) if chance[9] < 0.15 else 0.0,
        levels=int(rng.choice([64, 256, 256])) if chance[10] < 0.5 else 0,
        field=field,
        round_field=float(rng.uniform(0.4, 0.6)) if chance[11] < 0.08 else 0.0,
        shutter=float(rng.random() < 0.3),
        letterbox=letterbox,
        holes=tuple(holes),
        marks=tuple(marks),
    )


def _warp(rng: np.random.Generator, image_px: int) -> FloatArray:
    """A zoom, a small turn and a shift, mostly inside the rendered picture. Never a mirror: sides matter."""
    zoom = np.exp(rng.uniform(np.log(0.72), np.log(1.05)))
    turn = np.deg2rad(rng.normal(0, 5))
    room = max(0.5 - zoom / 2, 0.0) + 0.03
    shift = rng.uniform(-room, room, 2) * image_px
    c, s, half = zoom * np.cos(turn), zoom * np.sin(turn), (image_px - 1) / 2
    linear = np.array([[c, -s], [s, c]])
    offset = half + shift - linear @ np.array([half, half])
    return np.column_stack([linear, offset]).astype(np.float32)


def apply(view: View, appearance: Appearance, labels: npt.NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
    """Make the picture.

    Args:
        view: what the rays met. labels: (L,) label numbers whose masks are wanted.

    Returns:
        model input (3, S, S) float32; coverage (L, S/4, S/4) float32: share of each cell that a label covers, 0
        outside the open field.
    """
    a, image_px = appearance, view.soft_gcm2.shape[0]
    soft, bone, bits = view.soft_gcm2, view.bone_gcm2, view.label_bits
    if a.warp is not None:
        size = (image_px, image_px)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        soft = np.asarray(cv2.warpAffine(soft, a.warp, size, flags=flags), np.float32)
        bone = np.asarray(cv2.warpAffine(bone, a.warp, size, flags=flags), np.float32)
        bits = _warped_bits(bits, a.warp)
    signal = _signal(soft, bone, a)
    inside = _open_field(a, image_px)
    image = _displayed(signal, inside, a)
    top, left = a.letterbox
    kept = np.s_[top : image_px - top, left : image_px - left]
    result = np.zeros((3, image_px, image_px), np.float32)
    result[(slice(None), *kept)] = channels(np.ascontiguousarray(image[kept]))
    shown = np.zeros_like(inside)
    shown[kept] = inside[kept]
    return result, coverage(bits, labels, shown[::2, ::2])


def coverage(
    bits: npt.NDArray[np.uint64], labels: npt.NDArray[np.int64], shown: npt.NDArray[np.bool_] | None = None
) -> FloatArray:
    """(S/2, S/2, words) label sets → (L, S/4, S/4) float32, the share of each cell that the label covers."""
    height, width, words = bits.shape
    planes = np.unpackbits(bits.view(np.uint8).reshape(height, width, words * 8), axis=2, bitorder="little")
    if shown is not None:
        planes *= shown[:, :, None]
    factor = CELL_PX // BITS_STRIDE
    # Slices added up: a sum over small axes would take ten times as long.
    rows = sum((planes[i::factor] for i in range(1, factor)), start=planes[0::factor])
    counts = sum((rows[:, i::factor] for i in range(1, factor)), start=rows[:, 0::factor])
    cells = (height // factor, width // factor)
    chosen = counts.reshape(-1, words * 64).T[labels].reshape(-1, *cells)
    return np.asarray(chosen, np.float32) / np.float32(factor**2)


def _warped_bits(bits: npt.NDArray[np.uint64], warp: FloatArray) -> npt.NDArray[np.uint64]:
    scale, side = BITS_STRIDE, bits.shape[0]
    y, x = np.mgrid[:side, :side].astype(np.float32) * np.float32(scale)
    column = np.rint((warp[0, 0] * x + warp[0, 1] * y + warp[0, 2]) / scale).astype(np.int32)
    row = np.rint((warp[1, 0] * x + warp[1, 1] * y + warp[1, 2]) / scale).astype(np.int32)
    outside = (column < 0) | (column >= side) | (row < 0) | (row >= side)
    moved = bits[np.clip(row, 0, side - 1), np.clip(column, 0, side - 1)]
    moved[outside] = 0
    return moved


def _signal(soft: FloatArray, bone: FloatArray, a: Appearance) -> FloatArray:
    """Linear detector signal, 1 in the open beam."""
    signal = np.zeros_like(soft)
    for weight, mu_soft, mu_bone in zip(a.spectrum, SOFT_CM2_G, BONE_CM2_G, strict=True):
        if weight > 0.02:
            exponent = soft * np.float32(-mu_soft * a.thickness) + bone * np.float32(-mu_bone * a.thickness * a.bone)
            signal += np.float32(weight) * cv2.exp(exponent)
    if a.scatter > 0:
        coarse = cv2.resize(np.minimum(signal, 0.3), (32, 32), interpolation=cv2.INTER_AREA)
        size = (signal.shape[1], signal.shape[0])
        wide = cv2.resize(cv2.GaussianBlur(coarse, (0, 0), 4.0), size, interpolation=cv2.INTER_LINEAR)
        signal = signal + np.float32(a.scatter) * np.asarray(wide, np.float32)
    if a.blur_px > 0:
        signal = np.asarray(cv2.GaussianBlur(signal, (0, 0), a.blur_px), np.float32)
    middle = float(np.median(signal[::4, ::4]))
    noise = np.random.default_rng(a.noise_seed).standard_normal(signal.shape, np.float32)
    signal = signal + noise * np.sqrt(signal * np.float32(middle / a.quanta))
    return np.maximum(signal, np.float32(1e-5))


def _displayed(signal: FloatArray, inside: npt.NDArray[np.bool_], a: Appearance) -> FloatArray:
    """Processing and display: 0 to 1, with shutters, burnt-in marks and holes."""
    image: Any = -cv2.log(signal) if a.display == "log" else signal
    if a.display == "power":
        image = cv2.pow(signal, a.power)
    low, high = np.quantile(image[::4, ::4], a.window).tolist()
    image = np.clip((image - low) / max(high - low, 1e-6), 0, 1).astype(np.float32)
    if a.sharpen > 0:
        image = np.clip(image + np.float32(a.sharpen) * (image - cv2.GaussianBlur(image, (0, 0), 3.0)), 0, 1)
    if a.equalise > 0:
        clahe = cv2.createCLAHE(a.equalise, (8, 8))
        image = clahe.apply((image * 255).astype(np.uint8)).astype(np.float32) / 255
    if a.invert:
        image = 1 - image
    if not inside.all():
        image[~inside] = a.shutter
    side = image.shape[0]
    for x0, y0, x1, y1, grey in a.holes:
        cv2.rectangle(image, pixel(x0, y0, side), pixel(x1, y1, side), grey, -1)
    for text, x, y, size, grey in a.marks:
        ink = np.zeros(image.shape, np.uint8)
        cv2.putText(ink, text, pixel(x, y, side), cv2.FONT_HERSHEY_SIMPLEX, size, 255, 1, cv2.LINE_AA)
        image += (np.float32(grey) - image) * (ink.astype(np.float32) / 255)
    if a.levels:
        image = np.round(image * (a.levels - 1)) / np.float32(a.levels - 1)
    return np.asarray(image, np.float32)


def pixel(x: float, y: float, image_px: int) -> tuple[int, int]:
    return round(x * image_px), round(y * image_px)


def _open_field(a: Appearance, image_px: int) -> npt.NDArray[np.bool_]:
    inside = np.zeros((image_px, image_px), bool)
    (x0, y0), (x1, y1) = pixel(*a.field[:2], image_px), pixel(*a.field[2:], image_px)
    inside[y0:y1, x0:x1] = True
    if a.round_field > 0:
        y, x = np.ogrid[:image_px, :image_px]
        half = (image_px - 1) / 2
        inside &= (x - half) ** 2 + (y - half) ** 2 < (a.round_field * image_px) ** 2
    return inside
