"""The page of the documentation about the tools, written from the tools themselves."""

from __future__ import annotations

from collections.abc import Callable

from fluorosam_sim.tools.definition import Tool
from fluorosam_sim.tools.families import FAMILIES
from fluorosam_sim.tools.library import TOOLS
from fluorosam_sim.tools.materials import MATERIALS
from fluorosam_sim.tools.wordings import held_out_texts, texts

_HEAD = """# Instruments and implants

{count} tools ({implants} implants, {instruments} instruments) in {families} families, made from parameters when they
are asked for: no mesh file is shipped. Every part is a closed surface whose faces look outwards, so that a renderer may
sum the signed depths of its faces. This page and the picture are written by `fluorosam tools sheet --out
docs/images/tools.jpg --page docs/tools.md`.

![all tools as parallel radiographs, each as large as its cell](images/tools.jpg)

```
fluorosam tools list                                              key, name, family, length
fluorosam tools show cannulated_screw_7.3x110 pacemaker --out a.png     mass, materials, texts, a picture of each
fluorosam tools sheet --out tools.jpg                             all of them in one picture
```

```python
from fluorosam_sim.patients import load_patient
from fluorosam_sim.patients.landmarks import landmarks
from fluorosam_sim.tools import place_in_body, texts, tool

screw = tool("pedicle_screw_polyaxial_6.5x45")
for part in screw.build():                        # watertight meshes in mm with a material each
    print(part.material.name, part.mesh.volume_mm3)
placed = place_in_body(screw, landmarks(load_patient("synthetic:0")), rng)
placed.tool.build(), placed.transform             # rigid, tool's mm to world mm
texts(screw)                                      # prompts to train on; held_out_texts(screw) never are
```
"""

_PLACES = """
## Where they lie

`place_in_beam` puts a tool on a random ray of an image, near the body, in any orientation. `place_in_body` puts an
implant where it belongs, from the patient's own [landmarks](patients.md), or says in one sentence why it cannot: nails
down the canal, screws into the bone from its surface (hip screws along the neck), plates on it, prostheses in their
joint's axes, pedicle screws through either pedicle at their level's angle, cages in a disc, catheters and stents along
the middle of a vessel, tubes in the airway, generators under the skin of the chest. It seats them by landmarks; it does
not test for collisions with other bones, and soft catheters keep their shape. On the left side the mirror image of what
is modelled is used. Long catheters, wires and tubes are modelled by the part that lies in the body.

Sizes follow catalogue practice (ISO 5835 and AO for screws and plates, ISO 5832 and 5834 for metals and plastics);
they are typical, of no one maker, and fit for images, not for planning.

## What is said

Every tool has {texts} to {most} wordings: names with and without sizes, surgeons' shorthand, questions,
plurals, numbers as speech recognition writes them, misspellings; and {held} others that are never trained on. In all
{all_texts} different ones, and {all_held} held back that are not among them.
"""


def page(progress: Callable[[Tool], None] = lambda tool: None) -> str:
    """The page in Markdown. Builds every tool; progress is called after each."""
    for tool in TOOLS:
        tool.build()
        progress(tool)
    counts = [len(texts(tool)) for tool in TOOLS]
    trained = {text.lower() for tool in TOOLS for text in texts(tool)}
    held = {text.lower() for tool in TOOLS for text in held_out_texts(tool)}
    implants = sum(tool.kind == "implant" for tool in TOOLS)
    head = _HEAD.format(
        count=len(TOOLS), implants=implants, instruments=len(TOOLS) - implants, families=len(FAMILIES)
    )  # fmt: skip
    places = _PLACES.format(
        texts=min(counts), most=max(counts), held=min(len(held_out_texts(tool)) for tool in TOOLS),
        all_texts=len(trained), all_held=len(held - trained),
    )  # fmt: skip
    return "\n".join([head, *_families(), places, *_materials(), *_every()]) + "\n"


def _families() -> list[str]:
    rows = [
        "## Families",
        "",
        "| family | tools | length, mm | mass, g | triangles |",
        "| --- | --- | --- | --- | --- |",
    ]
    for family in FAMILIES:
        tools = [tool for tool in TOOLS if tool.family == family.key]
        lengths = [tool.length_mm for tool in tools]
        masses = [tool.mass_g for tool in tools]
        faces = [sum(len(part.mesh.faces) for part in tool.build()) for tool in tools]
        rows.append(
            f"| {family.plural} | {len(tools)} | {_span(lengths)} | {_span(masses)} | {min(faces)} – {max(faces)} |"
        )
    return rows


def _materials() -> list[str]:
    rows = ["## Materials", "", "| material | g/cm³ | main elements, % of mass |", "| --- | --- | --- |"]
    for material in MATERIALS:
        parts = ", ".join(f"{symbol} {100 * share:.0f}" for symbol, share in material.composition if share >= 0.005)
        rows.append(f"| {material.name} | {material.density_gcm3:g} | {parts} |")
    return rows


def _every() -> list[str]:
    rows = ["", "## All of them", ""]
    for family in FAMILIES:
        names = [tool.name for tool in TOOLS if tool.family == family.key]
        rows += [f"**{family.plural}** ({len(names)}): {' · '.join(names)}", ""]
    return rows[:-1]


def _span(values: list[float]) -> str:
    low, high = (f"{value:.2g}" if value < 10 else f"{value:.0f}" for value in (min(values), max(values)))
    return low if low == high else f"{low} – {high}"
