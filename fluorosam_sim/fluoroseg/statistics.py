"""What a dataset holds, counted shard by shard so that it adds up without reading an image twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from fluorosam_sim.anatomy import STRUCTURES
from fluorosam_sim.fluoroseg.sampler import Sample
from fluorosam_sim.tools import tool as tool_named

ANGLE_DEG = 15.0
_MEMBERS = {s.key: frozenset(s.members) for s in STRUCTURES}
_COUNTS = ("splits", "patients", "views", "openings", "primary_deg", "secondary_deg", "directions", "kvp",
           "field_mm", "labels_per_image", "structures", "area_percent", "tools", "tool_families",
           "tools_per_image")  # fmt: skip
_SUMS = ("images", "masks", "present_texts", "absent_texts", "tool_masks", "tool_texts")


class Tally:
    """Counters over images. Angles, voltages and fields are counted in bins named by their lower edge.

    structures: images in which any member of a structure lies in the open field. area_percent: masks of leaf labels by
    their share of the image, in powers of two percent. directions: "primary,secondary" in cells of 15°. tools,
    tool_families: images in whose open field a tool, or any of a family, is seen.
    """

    def __init__(self) -> None:
        self.counts: dict[str, Counter[str]] = {name: Counter() for name in _COUNTS}
        self.sums: Counter[str] = Counter(dict.fromkeys(_SUMS, 0))

    def add(self, sample: Sample) -> None:
        """Counts one image."""
        c, pose, config = self.counts, sample.pose, sample.config
        primary, secondary = _bin(pose.primary_deg, ANGLE_DEG), _bin(pose.secondary_deg, ANGLE_DEG)
        field_mm = config.detector_mm[0] / config.magnification
        for name, value in (
            ("splits", sample.split),
            ("patients", sample.patient),
            ("views", sample.view),
            ("openings", "open" if sample.field_px == (0, 0, *sample.image.shape[::-1]) else "collimated"),
            ("primary_deg", str(primary)),
            ("secondary_deg", str(secondary)),
            ("directions", f"{primary},{secondary}"),
            ("kvp", str(_bin(sample.appearance.kvp, 5.0))),
            ("field_mm", str(_bin(field_mm, 20.0))),
            ("labels_per_image", str(_bin(len(sample.pixels), 5.0))),
        ):
            c[name][value] += 1
        there = sample.pixels.keys()
        c["structures"].update(key for key, members in _MEMBERS.items() if members & there)
        total = sample.image.size
        c["area_percent"].update(str(_power(100 * pixels / total)) for pixels in sample.pixels.values())
        seen = [tool for tool in sample.tools if tool.pixels]
        c["tools"].update(tool.key for tool in seen)
        c["tool_families"].update({tool_named(tool.key).family for tool in seen})
        c["tools_per_image"][str(len(seen))] += 1
        self.sums.update(
            images=1,
            masks=len(sample.pixels),
            present_texts=sum(map(len, sample.present.values())),
            absent_texts=sum(map(len, sample.absent.values())),
            tool_masks=len(seen),
            tool_texts=sum(len(tool.texts) for tool in seen),
        )

    def merge(self, values: Mapping[str, Any]) -> None:
        """Adds what another tally's `to_json` gave."""
        for name in _COUNTS:
            self.counts[name].update(values[name])
        self.sums.update({name: int(values[name]) for name in _SUMS})

    def to_json(self) -> dict[str, Any]:
        """Plain values in an order of their own, whatever order the images came in."""
        sums = {name: self.sums[name] for name in _SUMS}
        return sums | {name: dict(sorted(self.counts[name].items(), key=_order)) for name in _COUNTS}


def _bin(value: float, width: float) -> int:
    return int(np.floor(value / width) * width)


def _power(percent: float) -> float:
    """The largest power of two percent that is not above it, from 2⁻⁷ on."""
    return 2.0 ** max(int(np.floor(np.log2(percent))), -7)


def _order(item: tuple[str, int]) -> tuple[int, float, str]:
    try:
        return 0, float(item[0]), ""
    except ValueError:
        return 1, 0.0, item[0]
