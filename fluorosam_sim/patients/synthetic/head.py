"""What is inside the skull: brain, the base of the skull, air-filled sinuses, teeth; airway and spinal canal."""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from fluorosam_sim.patients.synthetic.anatomy_frame import Frame
from fluorosam_sim.patients.synthetic.canvas import Canvas
from fluorosam_sim.patients.synthetic.thorax import INDEX
from fluorosam_sim.patients.synthetic.voxelise import distance_field

# Floor of the cranial cavity in the baked head's frame: heights (z) at depths (y), on the midline and 30 mm beside it.
_FLOOR_Y = np.array([-90.0, -62.0, -40.0, -26.0, -12.0, 2.0, 14.0, 50.0, 90.0])
_FLOOR_MIDDLE = np.array([578.0, 571.0, 566.0, 562.0, 552.0, 528.0, 506.0, 498.0, 520.0])
_FLOOR_SIDE = np.array([582.0, 577.0, 572.0, 545.0, 534.0, 540.0, 520.0, 500.0, 520.0])
# Ellipsoids of air: centre and half axes in mm; the paired ones are given for one side.
_AIR = np.array(
    [
        [27.0, -55.0, 529.0, 13.0, 15.0, 16.0],  # maxillary sinus
        [6.5, -58.0, 530.0, 4.5, 27.0, 19.0],  # nasal passage
        [7.0, -48.0, 556.0, 6.0, 17.0, 9.0],  # ethmoid cells
        [7.0, -18.0, 546.0, 7.0, 10.0, 8.0],  # sphenoid sinus
        [13.0, -78.0, 580.0, 12.0, 4.0, 10.0],  # frontal sinus
        [57.0, 18.0, 520.0, 7.0, 10.0, 12.0],  # mastoid cells
    ]
)


@nb.njit(cache=True, error_model="numpy")
def _fill(  # type: ignore[no-untyped-def]
    hu, labels, first, depth, low, spacing, inverse, shift, floor_y, middle, side, air, brain, skull, noise, density
):
    nn = noise.shape[0]
    for bi in range(depth.shape[0]):
        for bj in range(depth.shape[1]):
            for bk in range(depth.shape[2]):
                d = depth[bi, bj, bk]
                if d <= 0.0:
                    continue
                i, j, k = first[0] + bi, first[1] + bj, first[2] + bk
                px = low[0] + i * spacing - shift[0]
                py = low[1] + j * spacing - shift[1]
                pz = low[2] + k * spacing - shift[2]
                x = inverse[0, 0] * px + inverse[0, 1] * py + inverse[0, 2] * pz
                y = inverse[1, 0] * px + inverse[1, 1] * py + inverse[1, 2] * pz
                z = inverse[2, 0] * px + inverse[2, 1] * py + inverse[2, 2] * pz
                lateral = min(abs(x) / 30.0, 1.0)
                floor = np.interp(y, floor_y, middle) * (1 - lateral) + np.interp(y, floor_y, side) * lateral
                grain = noise[k % nn, j % nn, i % nn]
                above = z - floor
                # The vault: outer table, diploe, inner table; thinner at the temples.
                thick = 6.2 - 2.6 * max(0.0, 1.0 - abs(z - 560.0) / 25.0) * min(abs(x) / 60.0, 1.0)
                if above > 0.0:
                    if d < thick:
                        compact = max(
                            1.0 / (1.0 + math.exp((d - 1.7) / 0.4)), 1.0 / (1.0 + math.exp((thick - 1.6 - d) / 0.4))
                        )
                        value = (420.0 + 45.0 * grain + 900.0 * compact) * density
                        label = skull
                    elif above < 2.6:
                        value, label = 880.0 * density, skull
                    else:
                        value, label = 34.0 + 3.0 * grain, brain
                else:
                    # Base and face: thin walls around soft tissue and air, petrous bone behind.
                    petrous = (
                        abs(y + 6.0 + 0.55 * (62.0 - abs(x)) * 0.45 - 8.0) < 11.0
                        and 12.0 < abs(x) < 66.0
                        and above > -20.0
                    )
                    if petrous and d > 1.0:
                        value = (1050.0 + 160.0 * grain) * density
                    elif d < 1.8:
                        value = (950.0 + 60.0 * grain) * density
                    elif y > -8.0:
                        value = (380.0 + 140.0 * grain) * density
                    else:
                        value = 190.0 + 150.0 * grain
                    label = skull
                    if z < 507.0 and y < -42.0 and d > 0.4:
                        gap = abs(math.sin(math.atan2(x, -(y + 22.0)) * 11.5))
                        value = 1900.0 if gap > 0.25 else 500.0
                for row in range(air.shape[0]):
                    ex, ey = (abs(x) - air[row, 0]) / air[row, 3], (y - air[row, 1]) / air[row, 4]
                    ez = (z - air[row, 2]) / air[row, 5]
                    reach = math.sqrt(ex * ex + ey * ey + ez * ez) + 0.10 * grain
                    size = min(air[row, 3], air[row, 4], air[row, 5])
                    if reach < 1.0 and d > 1.2:
                        value = -950.0 if reach < 1.0 - 1.0 / size or row != 5 else 300.0
                        if row == 5 and grain > 0.1:
                            value = 500.0
                    elif reach < 1.0 + 1.4 / size and d > 0.6 and above < 6.0:
                        value = max(value, 720.0 * density)
                hu[k, j, i] = np.int16(min(max(value, -1000.0), 3000.0))
                labels[k, j, i] = label


def fill_head(page: Canvas, body: Frame) -> None:
    """Replaces the inside of the skull, which bone composition left spongy."""
    bone = next(b for b in body.head.bones if b.leaf == "skull" and b.material == "skull")
    grid = (page.hu.shape[2], page.hu.shape[1], page.hu.shape[0])
    found = distance_field(np.round(bone.vertices, 3), bone.faces, page.low, grid, page.spacing, 9.0)
    if found is None:
        return
    first, depth = found
    inverse = np.round(np.linalg.inv(body.head.turn), 9)
    _fill(
        page.hu, page.labels, np.array(first), depth, page.low, page.spacing, inverse, np.round(body.head.shift, 3),
        _FLOOR_Y, _FLOOR_MIDDLE, _FLOOR_SIDE, _AIR, INDEX["brain"], INDEX["skull"], page.medium,
        body.traits.bone_density,
    )  # fmt: skip
