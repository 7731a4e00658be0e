"""The page of the documentation about views, written from the catalogue and from what a check measured."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fluorosam_sim.views.catalogue import LEFT_OUT, VIEWS
from fluorosam_sim.views.check import ANGLE_LIMIT_DEG, OFFSET_LIMIT_MM, Deviation, summarise
from fluorosam_sim.views.named import SERIES, NamedView

_HEAD = """# Standard views

{count} named views in the {series} series of general radiography, with sides counted apart. Each is defined by anatomy:
a part of the body with an origin and axes of its own, found on the patient's labels
([landmarks](patients.md)), DICOM positioner angles in these axes, a field and a distance from source to detector. In a
patient who lies straight the angles are the textbook's. A view whose anatomy is missing or cut by the edge of the scan
is refused by name, in one sentence. Frames and signs: [geometry.md](geometry.md).

```
fluorosam views list                              all of them: angles, field, site
fluorosam views sheet --out docs/images/views.jpg --columns 12     the picture below
fluorosam views check --patient synthetic:0-9@2,synthetic:9000-9003@2 --page docs/views.md     writes this page
```

![every view of {shown}](images/views.jpg)

*{shown}; below each picture the positioner angles on this patient and the field. "rev.": taken the other way
round, because the detector would have been inside the body; the picture is mirrored.*

## How exact they are

Every view was found on {patients} synthetic bodies ({names}) and measured a second time
by `fluorosam_sim/views/second_opinion`: other estimators on other voxels, such as planes of symmetry, facets of convex
hulls, inscribed balls and widest distances where the first way fits sections, spheres and paired centres. The angle is
between the beam and the direction that the second way defines; the offset is from its target to the middle of the
image, at the isocentre. Of {total} measurements {within} are within both limits, {angle:g}° and {offset:g} mm; {every}
of {count} views are within them on every body. The median is {median_deg:.1f}° and {median_mm:.1f} mm, the 95th
percentile {p95_deg:.1f}° and {p95_mm:.1f} mm.

The bodies are shape models and one real thorax, not a sample of patients, and both ways read the same label map: what
is measured is how well a view keeps to its definition, not how a radiographer would judge it.
"""

_TAIL = """## Variation

`fluorosam_sim.views.sample_view` draws views for images: a named one turned by 4.6° along either axis (two people's
standard views differ by 7.6° in the median, Mandelka et al. 2022), shifted by 8 mm and opened by 10 %, or a random one
at an organ from within 60° of anterior; a third are collimated further.

## Left out

"""


def page(rows: Sequence[Deviation], shown: str) -> str:
    """The page in Markdown. rows: of `check.check_view`; shown: the patient of the contact sheet."""
    summary = {line.view: line for line in summarise(rows)}
    patients = list(dict.fromkeys(row.patient for row in rows))
    angles = np.array([row.angle_deg for row in rows if row.angle_deg is not None])
    offsets = np.array([row.offset_mm for row in rows if row.offset_mm is not None])
    head = _HEAD.format(
        count=len(VIEWS), series=len(SERIES), shown=shown, patients=len(patients), names=_ranges(patients),
        total=len(rows), within=sum(row.within for row in rows), angle=ANGLE_LIMIT_DEG, offset=OFFSET_LIMIT_MM,
        every=sum(line.within == line.patients for line in summary.values()),
        median_deg=np.median(angles), median_mm=np.median(offsets),
        p95_deg=np.quantile(angles, 0.95), p95_mm=np.quantile(offsets, 0.95),
    )  # fmt: skip
    table = [
        "| view | primary°, secondary° | field mm | within | median | worst |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for series in SERIES:
        table.append(f"| **{series}** | | | | | |")
        for view in VIEWS:
            if view.series != series or view.key not in summary:
                continue
            line = summary[view.key]
            table.append(
                f"| {view.name} | {_angles(view)} | {view.field_mm:g} | {line.within}/{line.patients} "
                f"| {_pair(line.angle_deg, line.offset_mm)} | {_pair(line.worst_angle_deg, line.worst_offset_mm)} |"
            )
    problems = [f"- {row.patient}, {row.view}: {row.problem}" for row in rows if row.problem]
    missing = ["Not found:", "", *problems, ""] if problems else []
    sources = [f"- {source}" for source in dict.fromkeys(view.source for view in VIEWS)]
    reasons = [f"- {reason}" for _, _, reason in LEFT_OUT]
    return "\n".join(
        [head, *table, "", *missing, _TAIL + "\n".join(reasons), "", "## Sources of the definitions", "", *sources, ""]
    )


def _angles(view: NamedView) -> str:
    return f"{view.nominal_primary_deg:+g}, {view.nominal_secondary_deg:+g}"


def _pair(angle_deg: float | None, offset_mm: float | None) -> str:
    return "–" if angle_deg is None or offset_mm is None else f"{angle_deg:.1f}° {offset_mm:.1f} mm"


def _ranges(names: Sequence[str]) -> str:
    """Names as they are said: "synthetic:0-3, 9000", without the voxel size."""
    seeds = sorted(int(name.partition(":")[2].partition("@")[0]) for name in names if name.startswith("synthetic:"))
    others = [name for name in names if not name.startswith("synthetic:")]
    runs: list[list[int]] = []
    for seed in seeds:
        if runs and seed == runs[-1][1] + 1:
            runs[-1][1] = seed
        else:
            runs.append([seed, seed])
    said = [f"{low}" if low == high else f"{low}-{high}" for low, high in runs]
    return ", ".join([*([f"synthetic:{', '.join(said)}"] if said else []), *others])
