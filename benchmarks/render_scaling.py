"""What rendering costs: by pixels, views, quality, labels and tools, on the chest CT.

    python benchmarks/render_scaling.py --out benchmarks

writes render_scaling.json, render_scaling.md (a table that names the machine and how busy it was) and
render_scaling.svg (cost against pixels and views, with the straight lines through them). Processor time is summed over
all threads. The exit status is 1 when a cost does not grow linearly: R² of the line through it under 0.98.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np

from fluorosam_sim.bench import machine, timed
from fluorosam_sim.carm import VENDORS, CArmPose
from fluorosam_sim.geometry import Projection
from fluorosam_sim.patients import load_patient
from fluorosam_sim.render.cpu import CpuRenderer
from fluorosam_sim.render.placed import PlacedTool
from fluorosam_sim.tools.library import tool

CONFIG = VENDORS["standard"]
SIZES = (128, 192, 256, 384, 512, 768)
BATCHES = (1, 2, 4, 8, 16)
BATCH_SIZE = 256
TOOL_COUNTS = (1, 5, 20)
TOOL = "cannulated_screw_7.3x110"
LEAST_R2 = 0.98
BUSY = 0.5  # load average from which on wall times mean nothing
KINDS = (("full", True), ("full", False), ("preview", True), ("preview", False))


@dataclass(frozen=True)
class Row:
    """One measurement: medians over the repeats, of the whole call."""

    quality: str
    labels: bool
    size: int
    views: int
    tools: int
    cpu_ms: float
    wall_ms: float
    images_per_s: float


@dataclass(frozen=True)
class Line:
    """cost = offset + slope · x, in CPU ms; x in megapixels or views."""

    name: str
    offset_ms: float
    slope_ms: float
    r2: float


def measure(repeats: int) -> list[Row]:
    """All rows, by pixels, then by views, then by tools."""
    patient = load_patient("chest")
    renderers = {"full": CpuRenderer(patient), "preview": CpuRenderer(patient, preview=True)}
    rows = []

    def note(quality: str, labels: bool, size: int, views: int, tools: int, call: Callable[[], object]) -> None:
        cpu, wall = timed(call, repeats)
        rows.append(
            Row(quality, labels, size, views, tools, round(cpu, 1), round(wall, 1), round(views / wall * 1e3, 2))
        )

    for quality, labels in KINDS:
        for size in SIZES:
            view = projection(size, 30.0)
            note(quality, labels, size, 1, 0, lambda q=quality, n=labels, v=view: renderers[q].render(v, n))  # type: ignore[misc]
    for quality, labels in KINDS[::2]:
        for count in BATCHES:
            views = [projection(BATCH_SIZE, float(angle)) for angle in np.linspace(20, 40, count)]
            note(
                quality, labels, BATCH_SIZE, count, 0,
                lambda q=quality, n=labels, v=views: renderers[q].render_views(v, n),  # type: ignore[misc]
            )  # fmt: skip
    for count in TOOL_COUNTS:
        view, placed = projection(512, 30.0), screws(count)
        note("full", True, 512, 1, count, lambda v=view, p=placed: renderers["full"].render(v, tools=p))  # type: ignore[misc]
    return rows


def projection(size: int, primary_deg: float) -> Projection:
    """A view that is oblique to every axis of the CT."""
    return CONFIG.projection(CArmPose(primary_deg, 20.0), (size, size))


def screws(count: int) -> list[PlacedTool]:
    """Copies of one screw around the isocentre."""
    parts = tool(TOOL).build()
    placed = []
    for number in range(count):
        pose = np.eye(4)
        pose[:3, 3] = (25.0 * (number % 5) - 50.0, 25.0 * (number // 5) - 40.0, -50.0)
        placed.append(PlacedTool(f"screw {number}", parts, pose))
    return placed


def lines(rows: list[Row]) -> list[Line]:
    """Straight lines through the cost by pixels and by views."""
    found = []
    for quality, labels in KINDS:
        name = f"{quality}, {'all labels' if labels else 'densities only'}"
        single = [r for r in rows if (r.quality, r.labels, r.views, r.tools) == (quality, labels, 1, 0)]
        by_pixels = [(r.size**2 / 1e6, r.cpu_ms) for r in single[: len(SIZES)]]
        found.append(fitted(f"megapixels · {name}", by_pixels))
        by_views = [(float(r.views), r.cpu_ms) for r in batch_rows(rows, quality, labels)]
        if by_views:
            found.append(fitted(f"views of {BATCH_SIZE}² · {name}", by_views))
    return found


def batch_rows(rows: list[Row], quality: str, labels: bool) -> list[Row]:
    """The rows by views: what was measured after the sizes."""
    later = rows[len(KINDS) * len(SIZES) :]
    return [r for r in later if (r.quality, r.labels, r.tools) == (quality, labels, 0)]


def fitted(name: str, points: list[tuple[float, float]]) -> Line:
    """Least squares."""
    x, y = np.array(points).T
    slope, offset = np.polyfit(x, y, 1)
    residual = float(np.sum((y - offset - slope * x) ** 2))
    return Line(
        name, round(float(offset), 1), round(float(slope), 1), round(1 - residual / float(np.var(y) * len(y)), 4)
    )


def table(rows: list[Row], found: list[Line], busy: float) -> str:
    """The numbers as Markdown."""
    quiet = busy < BUSY
    state = f"load average {busy:.1f} before the run"
    if not quiet:
        state += ": a busy machine, so processor times are somewhat too long, and wall times are left out"
    columns = ["quality", "labels", "size", "views", "tools", "CPU ms", *(["wall ms", "images/s"] if quiet else [])]
    text = [
        "# What rendering costs",
        "",
        f"Chest CT 512 × 512 × 133, detector 400 mm, 30° LAO 20° cranial. {machine()}; {state}.",
        "Written by `python benchmarks/render_scaling.py --out benchmarks`.",
        "",
        f"| {' | '.join(columns)} |",
        "| --- " * len(columns) + "|",
    ]
    for r in rows:
        cells = [r.quality, "all" if r.labels else "–", f"{r.size}²", r.views, r.tools or "–", f"{r.cpu_ms:g}"]
        cells += [f"{r.wall_ms:g}", f"{r.images_per_s:g}"] if quiet else []
        text.append(f"| {' | '.join(map(str, cells))} |")
    text += ["", "| cost against | CPU ms at 0 | CPU ms for each | R² |", "| --- | --- | --- | --- |"]
    text += [f"| {each.name} | {each.offset_ms:g} | {each.slope_ms:g} | {each.r2:g} |" for each in found]
    text += ["", "![cost against pixels and views](render_scaling.svg)", ""]
    text += ["On a GPU: [render_gpu.md](render_gpu.md)."]
    return "\n".join(text) + "\n"


def plot(rows: list[Row], found: list[Line]) -> str:
    """Two panels of CPU ms: against megapixels, against views; points measured, lines fitted."""
    colours = dict(zip(KINDS, ("#1b5e9e", "#74add1", "#b2431f", "#f0a35e"), strict=True))
    slopes = {line.name: line for line in found}
    panels = []
    for at, (axis, prefix) in enumerate((("megapixels", "megapixels"), ("views", f"views of {BATCH_SIZE}²"))):
        series = []
        for kind in KINDS:
            quality, labels = kind
            line = slopes.get(f"{prefix} · {quality}, {'all labels' if labels else 'densities only'}")
            if line is None:
                continue
            if at == 0:
                single = [r for r in rows if (r.quality, r.labels, r.views, r.tools) == (*kind, 1, 0)][: len(SIZES)]
                points = [(r.size**2 / 1e6, r.cpu_ms) for r in single]
            else:
                points = [(float(r.views), r.cpu_ms) for r in batch_rows(rows, *kind)]
            series.append((line, colours[kind], points))
        panels.append(panel(60 + at * 420, axis, series))
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="860" height="360" viewBox="0 0 860 360" '
        'font-family="sans-serif" font-size="11" fill="#222">'
        f'<rect width="100%" height="100%" fill="white"/>{"".join(panels)}</svg>\n'
    )


def panel(left: int, axis: str, series: list[tuple[Line, str, list[tuple[float, float]]]]) -> str:
    """One set of axes, 340 × 260 pixels."""
    wide, tall, top = 340, 260, 30
    x_most = max(x for _, _, points in series for x, _ in points) * 1.05
    y_most = max(y for _, _, points in series for _, y in points) * 1.1

    def at(x: float, y: float) -> tuple[float, float]:
        return left + x / x_most * wide, top + tall - y / y_most * tall

    parts = [f'<path d="M{left} {top}V{top + tall}H{left + wide}" fill="none" stroke="#888"/>']
    for share in (0.25, 0.5, 0.75, 1.0):
        x, y = at(share * x_most, 0)[0], at(0, share * y_most)[1]
        parts.append(f'<text x="{x:.0f}" y="{top + tall + 16}" text-anchor="middle">{share * x_most:.2g}</text>')
        parts.append(f'<text x="{left - 6}" y="{y + 4:.0f}" text-anchor="end">{share * y_most:.0f}</text>')
    parts.append(f'<text x="{left + wide / 2:.0f}" y="{top + tall + 34}" text-anchor="middle">{escape(axis)}</text>')
    parts.append(f'<text x="{left - 40}" y="{top - 12}">CPU ms</text>')
    for number, (line, colour, points) in enumerate(series):
        x0, y0 = at(0, max(line.offset_ms, 0))
        x1, y1 = at(x_most, line.offset_ms + line.slope_ms * x_most)
        parts.append(f'<path d="M{x0:.1f} {y0:.1f}L{x1:.1f} {y1:.1f}" stroke="{colour}" stroke-width="1.5"/>')
        for point in points:
            x, y = at(*point)
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>')
        name = f"{line.name.split(' · ')[1]} (R² {line.r2:g})"
        parts.append(f'<text x="{left + 12}" y="{top + 14 + 15 * number}" fill="{colour}">{escape(name)}</text>')
    return "".join(parts)


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("benchmarks"), help="folder for the three files")
    parser.add_argument("--repeats", type=int, default=5, help="timed calls of each; the median counts")
    options = parser.parse_args()
    busy = os.getloadavg()[0]
    rows = measure(options.repeats)
    found = lines(rows)
    options.out.mkdir(parents=True, exist_ok=True)
    result = {"machine": machine(), "load_average": round(busy, 2), "rows": [asdict(row) for row in rows]}
    result["lines"] = [asdict(line) for line in found]
    (options.out / "render_scaling.json").write_text(json.dumps(result, indent=1) + "\n")
    (options.out / "render_scaling.md").write_text(table(rows, found, busy))
    (options.out / "render_scaling.svg").write_text(plot(rows, found))
    for line in found:
        print(f"{line.name}: {line.offset_ms:g} + {line.slope_ms:g} CPU ms, R² {line.r2:g}")
    return 0 if min(line.r2 for line in found) >= LEAST_R2 else 1


if __name__ == "__main__":
    sys.exit(main())
