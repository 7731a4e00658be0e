"""The statistics of a dataset as one self-contained SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

from fluorosam_sim.anatomy import STRUCTURES
from fluorosam_sim.fluoroseg.statistics import ANGLE_DEG

_WIDTH, _PANEL, _GAP = 1180, 260, 50
_INK, _BAR, _GRID = "#222", "#3a6ea5", "#ddd"
_ROWS_PER_COLUMN = 47


def statistics_svg(statistics: Mapping[str, Any]) -> str:
    """Directions, fields, voltages, openings, mask sizes, labels an image, and how often each structure is seen."""
    bars = (
        ("isocentre field, mm", _bins(statistics["field_mm"], 20)),
        ("tube voltage, kV", _bins(statistics["kvp"], 5)),
        ("labels in the field", _bins(statistics["labels_per_image"], 5)),
        ("mask size, % of the image", _powers(statistics["area_percent"])),
        ("collimator", list(statistics["openings"].items())),
        ("instruments and implants in the field", list(statistics["tools_per_image"].items())),
        ("families of instruments and implants", list(statistics["tool_families"].items())),
    )
    panels = [_directions(statistics["directions"])]
    panels += [_bars(title, rows) for title, rows in bars]
    columns = 4
    placed = [
        _at(20 + n % columns * (_PANEL + 30), 70 + n // columns * (_PANEL + _GAP), panel)
        for n, panel in enumerate(panels)
    ]
    top = 70 + -(-len(panels) // columns) * (_PANEL + _GAP)
    height = top + 30 + _ROWS_PER_COLUMN * 14 + 30
    images, masks = statistics["images"], statistics["masks"]
    splits = ", ".join(f"{count:,} {name}" for name, count in statistics["splits"].items())
    title = f"{images:,} images ({splits}) of {len(statistics['patients'])} patients, {masks:,} masks"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
        f'viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" font-size="11" fill="{_INK}">'
        f'<rect width="100%" height="100%" fill="white"/>{_text(20, 36, title, size=18)}'
        f"{''.join(placed)}{_at(20, top, _structures(statistics))}</svg>\n"
    )


def _at(x: float, y: float, content: str) -> str:
    return f'<g transform="translate({x:g} {y:g})">{content}</g>'


def _text(x: float, y: float, text: str, size: int = 11, anchor: str = "start") -> str:
    return f'<text x="{x:g}" y="{y:g}" font-size="{size}" text-anchor="{anchor}">{escape(text)}</text>'


def _rect(x: float, y: float, width: float, height: float, fill: str, tip: str = "", opacity: float = 1.0) -> str:
    shape = f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{fill}"'
    shape += f' fill-opacity="{opacity:.3f}"' if opacity < 1 else ""
    return f"{shape}><title>{escape(tip)}</title></rect>" if tip else f"{shape}/>"


def _bins(counts: Mapping[str, int], step: int) -> list[tuple[str, int]]:
    """Rows for every bin from the first to the last, those that nothing fell into included."""
    if not counts:
        return []
    edges = sorted(map(int, counts))
    return [(str(edge), counts.get(str(edge), 0)) for edge in range(edges[0], edges[-1] + 1, step)]


def _powers(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return [(f"{float(edge):.2g}", count) for edge, count in counts.items()]


def _bars(title: str, rows: Sequence[tuple[str, int]]) -> str:
    most = max((count for _, count in rows), default=1)
    width = _PANEL / max(len(rows), 1)
    parts = [_text(0, -8, title, size=13), _rect(0, _PANEL - 40, _PANEL, 1, _GRID)]
    every = -(-len(rows) // 12)
    for at, (name, count) in enumerate(rows):
        tall = (_PANEL - 50) * count / most
        parts.append(_rect(at * width + 1, _PANEL - 40 - tall, width - 2, tall, _BAR, f"{name}: {count:,}"))
        if at % every == 0:
            parts.append(_text((at + 0.5) * width, _PANEL - 24, name, size=9, anchor="middle"))
    return "".join(parts)


def _directions(counts: Mapping[str, int]) -> str:
    """Primary angle to the right, secondary upwards; darker is more."""
    most = max(counts.values(), default=1)
    parts = [_text(0, -8, "directions: primary → LAO, secondary ↑ CRAN", size=13)]
    step_x, low_y = _PANEL / (360 / ANGLE_DEG), -90.0
    step_y = (_PANEL - 40) / (180 / ANGLE_DEG)
    parts.append(_rect(0, 0, _PANEL, _PANEL - 40, "#f4f4f4"))
    for name, count in counts.items():
        primary, secondary = map(float, name.split(","))
        x = (primary + 180) / ANGLE_DEG * step_x
        y = _PANEL - 40 - (secondary - low_y) / ANGLE_DEG * step_y - step_y
        shade = 0.15 + 0.85 * count / most
        parts.append(_rect(x, y, step_x, step_y, _BAR, f"{name}°: {count:,}", shade))
    parts += [_text(_PANEL * t, _PANEL - 24, f"{-180 + 360 * t:g}°", 9, "middle") for t in (0.0, 0.25, 0.5, 0.75, 1.0)]
    return "".join(parts)


def _structures(statistics: Mapping[str, Any]) -> str:
    seen, images = statistics["structures"], max(statistics["images"], 1)
    parts = [_text(0, 0, "share of images in which a structure lies in the open field", size=13)]
    column_width = (_WIDTH - 40) / -(-len(STRUCTURES) // _ROWS_PER_COLUMN)
    for at, structure in enumerate(STRUCTURES):
        x, y = at // _ROWS_PER_COLUMN * column_width, 24 + at % _ROWS_PER_COLUMN * 14
        share = seen.get(structure.key, 0) / images
        parts.append(_text(x + 150, y, structure.name, 9, "end"))
        parts.append(_rect(x + 156, y - 8, (column_width - 200) * share, 9, _BAR, f"{structure.name}: {share:.1%}"))
    return "".join(parts)
