"""Numbers in the words and units of the operating room."""

from __future__ import annotations

import numpy as np

from fluorosam_sim.carm import CArmPose
from fluorosam_sim.geometry import view_axes

_ROUND_DEG = 0.05
_SIDES = (("L", "R"), ("P", "A"), ("H", "F"))  # of the world's axes: + and −


def primary_text(degrees: float) -> str:
    """ "LAO 30.0°", "RAO 5.5°", "0.0°"."""
    return _angle(degrees, "LAO", "RAO")


def secondary_text(degrees: float) -> str:
    """ "CRA 10.0°", "CAU 5.5°", "0.0°"."""
    return _angle(degrees, "CRA", "CAU")


def _angle(degrees: float, positive: str, negative: str) -> str:
    if abs(degrees) < _ROUND_DEG:
        return "0.0°"
    return f"{positive if degrees > 0 else negative} {abs(degrees):.1f}°"


def isocenter_text(position_mm: tuple[float, float, float]) -> str:
    """ "L 20 · head 130 mm": where the isocentre is, from the middle of the patient; "centre" there."""
    names = (("L", "R"), ("table", "ceiling"), ("head", "feet"))
    pairs = zip(names, position_mm, strict=True)
    parts = [f"{pair[value < 0]} {abs(value):.0f}" for pair, value in pairs if abs(value) >= 0.5]
    return " · ".join(parts) + " mm" if parts else "centre"


def edge_letters(pose: CArmPose) -> tuple[str, str, str, str]:
    """(left, top, right, bottom): what of the patient lies at each edge of the image, "R", "H", "L", "F" at zero."""
    right, down, _ = view_axes(pose.primary_deg, pose.secondary_deg)
    return _letter(-right), _letter(-down), _letter(right), _letter(down)


def _letter(direction: np.ndarray) -> str:
    axis = int(np.argmax(np.abs(direction)))
    return _SIDES[axis][int(direction[axis] < 0)]


def age_text(seconds: float) -> str:
    """ "0.1 s", "14 s", "3 min"."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def dap_text(gym2: float) -> str:
    """Dose-area product in Gy·cm²."""
    return f"{gym2 * 1e4:.3f} Gy·cm²"


def kerma_text(gy: float) -> str:
    """Air kerma in mGy."""
    return f"{gy * 1e3:.2f} mGy"


def time_text(seconds: float) -> str:
    """Fluoroscopy time, "1:05 min"."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d} min"
