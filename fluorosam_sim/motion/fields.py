"""Where a body moves: displacement fields of expiration and of the heart's contraction, from a patient's labels.

Breathing moves what lies in the cavities of chest and abdomen towards the head as the diaphragm rises, the anterior
walls backwards; bones stay. The lung follows the diaphragm at its base and stays at its apex, as tumours in it do
(12 mm in lower, 2 mm in upper lobes: Seppenwoolde et al., Int. J. Radiat. Oncol. Biol. Phys. 53 (2002) 822); the heart
makes 0.6 of the way (Wang, Riederer & Ehman, Magn. Reson. Med. 33 (1995) 713), the kidneys 0.65 (Song et al.,
J. Magn. Reson. Imaging 33 (2011) 143), liver, spleen and stomach nearly all of it. Between structures whose motion is
known the field is interpolated smoothly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from fluorosam_sim.patients.patient import Patient

Float32Array = npt.NDArray[np.float32]
Points = npt.NDArray[np.float64]

_NODE_MM = 5.0
_NEAR_MM, _FAR_MM = 7.0, 22.0  # over which known motion spreads: to neighbours, and into what has none
_FAR_WEIGHT = 1e-3
_SMOOTH_MM = 7.0  # at last, so that nothing folds
_BODY_HU = -400
_WALL_MM = 10.0  # of the trunk, from the skin inwards: does not move towards the head
_BONE_WEIGHT = 20.0  # a rib is thin beside the lung that slides along it
_THICK_WEIGHT = 3.0  # what is thick, and has organs lying on it, needs less
_THICK = ("costal_cartilages", "autochthon_", "iliopsoas_")
# Share of the diaphragm's way; see the module.
_SHARES = {
    "liver": 0.95, "spleen": 0.95, "stomach": 0.9, "gallbladder": 0.9, "pancreas": 0.7, "adrenal_gland_left": 0.65,
    "adrenal_gland_right": 0.65, "kidney_left": 0.65, "kidney_right": 0.65, "kidney_cyst_left": 0.65,
    "kidney_cyst_right": 0.65, "duodenum": 0.6, "small_bowel": 0.5, "colon": 0.5, "heart": 0.6,
    "atrial_appendage_left": 0.5,
}  # fmt: skip
_STILL = (
    "vertebrae_", "rib_", "sternum", "costal_cartilages", "scapula_", "clavicula_", "humerus_", "hip_", "sacrum",
    "skull", "brain", "spinal_cord", "autochthon_", "iliopsoas_", "femur_", "ulna_", "radius_", "carpal_",
    "metacarpal_", "phalanges_",
)  # fmt: skip
_ABDOMEN_MM = (180.0, 300.0)  # below the diaphragm's domes: from here to there the motion fades
_EDGE_MM = 60.0  # likewise towards the ends of a scan: what lies beyond them is not known


@dataclass(frozen=True, eq=False)
class Fields:
    """Displacement in world mm per mm of way, on a grid over chest and abdomen.

    expiration, chest: (i, j, k, 3) float32, per mm of the diaphragm's and of the sternum's way. contraction: likewise,
    mm per unit of the heart's change of volume. They tell where the tissue that is now at a node was (see
    render.displacement). affine: (4, 4) from grid index to world mm.
    """

    expiration: Float32Array
    chest: Float32Array
    contraction: Float32Array
    affine: Points


def has_lungs(patient: Patient) -> bool:
    """Whether a patient has a chest that can breathe."""
    return any(name.startswith("lung_") for name in patient.structures)


def has_heart(patient: Patient) -> bool:
    """Whether a patient has a heart that can beat."""
    return "heart" in patient.structures


class _Grid:
    """Every n-th voxel of a patient about its chest and abdomen, about 5 mm apart."""

    def __init__(self, patient: Patient) -> None:
        steps = [max(round(_NODE_MM / spacing), 1) for spacing in patient.spacing_mm]
        every = tuple(slice(step // 2, None, step) for step in steps)
        labels, hu = patient.labels[every], patient.hu[every]
        affine = patient.affine.copy()
        affine[:3, 3] += affine[:3, :3] @ [step // 2 for step in steps]
        affine[:3, :3] *= steps
        self.names = patient.label_names
        lungs = self._chosen("lung_")[labels]
        # Along each axis, what lies within reach of the lungs: the abdomen too.
        box = []
        for axis in range(3):
            there = np.flatnonzero(lungs.any(axis=tuple(other for other in range(3) if other != axis)))
            along = affine[:3, axis]
            margin = (_ABDOMEN_MM[1] if abs(along[2]) > 0.5 * np.linalg.norm(along) else 80.0) / np.linalg.norm(along)
            low, high = max(int(there[0] - margin), 0), min(int(there[-1] + margin) + 2, labels.shape[axis])
            box.append(slice(low, high))
            affine[:3, 3] += low * along
        self.labels = np.ascontiguousarray(labels[tuple(box)])
        self.hu = np.ascontiguousarray(hu[tuple(box)])
        self.affine = affine
        self.node_mm = np.linalg.norm(affine[:3, :3], axis=0)
        index = np.stack(np.meshgrid(*[np.arange(n) for n in self.labels.shape], indexing="ij"), axis=-1)
        self.world = (index @ affine[:3, :3].T + affine[:3, 3]).astype(np.float32)
        ends = patient.bounds_mm[:, 2]
        to_end = np.minimum(self.world[..., 2] - ends[0], ends[1] - self.world[..., 2])
        self.edge = np.clip(to_end / _EDGE_MM, 0, 1).astype(np.float32)
        for axis in range(3):  # outermost nodes: see Displacement
            faces = np.moveaxis(self.edge, axis, 0)
            faces[0], faces[-1] = 0, 0

    def _chosen(self, *prefixes: str) -> npt.NDArray[np.bool_]:
        """(labels,) bool: those whose names begin so."""
        return np.array([bool(name) and name.startswith(prefixes) for name in self.names])

    def mask(self, *prefixes: str) -> npt.NDArray[np.bool_]:
        """(i, j, k) bool of the labels whose names begin so."""
        return np.asarray(self._chosen(*prefixes)[self.labels])

    def smooth(self, values: Float32Array, sigma_mm: float) -> Float32Array:
        """Gaussian."""
        return np.asarray(ndimage.gaussian_filter(values, sigma_mm / self.node_mm, mode="nearest", truncate=3.0))

    def pulled(self, moved: Float32Array) -> Float32Array:
        """From where tissue goes, (i, j, k, 3) mm by where it is at rest, to where it comes from by where it is now."""
        to_index = np.linalg.inv(self.affine[:3, :3]).T.astype(np.float32)
        index = np.indices(self.labels.shape, dtype=np.float32)
        pull = -moved
        for _ in range(6):
            at = index + np.moveaxis(pull @ to_index, -1, 0)
            for axis in range(3):
                pull[..., axis] = -ndimage.map_coordinates(moved[..., axis], at, order=1, mode="nearest")
        return pull


def fields_of(patient: Patient, diaphragm_mm: float, chest_mm: float, volume_change: float) -> Fields:
    """The fields of a patient with lungs; without a heart there is no contraction.

    The three arguments are the ways at which the fields are exact; at others they are scaled.
    """
    grid = _Grid(patient)
    lungs = grid.mask("lung_")
    height = grid.world[..., 2]
    apex = float(np.percentile(height[lungs], 99.5))
    liver = grid.mask("liver")
    dome = float(np.percentile(height[liver], 99)) if liver.any() else float(np.percentile(height[lungs], 15))
    dome = min(dome, apex - 50.0)
    still = grid.mask(*_STILL)
    low, high = _ABDOMEN_MM
    abdomen = np.clip((height - (dome - high)) / (high - low), 0, 1)
    expiration = np.zeros((*lungs.shape, 3), np.float32)
    expiration[..., 2] = _headward(grid, lungs, still, apex, dome) * abdomen * grid.edge
    chest = np.zeros_like(expiration)
    chest[..., 1] = _backward(grid, lungs, apex) * abdomen * grid.edge
    contraction = _inward(grid, still) if has_heart(patient) else np.zeros_like(expiration)
    # Exact for the whole way: the pull differs from the push by as much as tissue has moved.
    pulls: list[Float32Array] = []
    for push, way in ((expiration, diaphragm_mm), (chest, chest_mm), (contraction, volume_change)):
        for axis in range(3):
            push[..., axis] = grid.smooth(push[..., axis], _SMOOTH_MM)
            if push is not contraction:
                push[..., axis] *= grid.edge > 0
        pulls.append(grid.pulled(push * np.float32(way)) / np.float32(max(way, 1e-6)))
    return Fields(pulls[0], pulls[1], pulls[2], grid.affine)


def _headward(
    grid: _Grid, lungs: npt.NDArray[np.bool_], still: npt.NDArray[np.bool_], apex: float, dome: float
) -> Float32Array:
    """(i, j, k) share of the diaphragm's way towards the head."""
    shares = np.full(len(grid.names), -1.0, np.float32)
    for label, name in enumerate(grid.names):
        shares[label] = _SHARES.get(name, -1.0)
    share = shares[grid.labels]
    share[lungs] = np.clip((apex - grid.world[..., 2][lungs]) / (apex - dome), 0, 1)
    weight = (share >= 0).astype(np.float32)
    weight[still], share[still] = _BONE_WEIGHT, 0.0
    weight[grid.mask(*_THICK)] = _THICK_WEIGHT
    body = ndimage.binary_fill_holes((grid.hu > _BODY_HU) | lungs)
    depth = ndimage.distance_transform_edt(body, sampling=grid.node_mm)
    wall = (depth < _WALL_MM) & (weight == 0)
    weight[wall], share[wall] = 1.0, 0.0
    share *= weight
    above = grid.smooth(share, _NEAR_MM) + _FAR_WEIGHT * grid.smooth(share, _FAR_MM)
    below = grid.smooth(weight, _NEAR_MM) + _FAR_WEIGHT * grid.smooth(weight, _FAR_MM)
    return np.asarray(above / np.maximum(below, 1e-9), np.float32)


def _backward(grid: _Grid, lungs: npt.NDArray[np.bool_], apex: float) -> Float32Array:
    """(i, j, k) share of the sternum's way backwards: none at the spine, all of it in front, none at the arms."""
    x, y, height = (grid.world[..., axis] for axis in range(3))
    back, front = (float(np.percentile(y[lungs], p)) for p in (75, 2))
    left, right = (float(np.percentile(x[lungs], p)) for p in (99, 1))
    beyond = np.maximum(x - left, right - x) - 10.0
    ahead = np.clip((back - y) / (back - front), 0, 1)
    below_apex = np.clip((apex + 20.0 - height) / 120.0, 0, 1)
    return np.asarray(ahead * below_apex * np.clip(1 - beyond / 40.0, 0, 1), np.float32)


def _inward(grid: _Grid, still: npt.NDArray[np.bool_]) -> Float32Array:
    """(i, j, k, 3) mm per unit of the heart's volume: towards a point at its right, so that the left moves more.

    Most of the change is on the left and where the heart is widest (Carlsson et al. 2004, see Heartbeat).
    """
    heart = grid.mask("heart", "atrial_appendage")
    result = np.zeros((*heart.shape, 3), np.float32)
    if not heart.any():
        return result
    anchor = grid.world[heart].mean(axis=0) + np.array([-20.0, 10.0, 10.0], np.float32)
    # All of it inside the heart, fading over 25 mm around it, nothing in bone.
    distance = ndimage.distance_transform_edt(~heart, sampling=grid.node_mm)
    around = np.clip(1 - (distance - _SMOOTH_MM) / 25.0, 0, 1).astype(np.float32)
    around *= 1 - np.minimum(grid.smooth(still.astype(np.float32), 5.0) * 2, 1)
    # A body that is smaller by v in volume is by v / 3 in length.
    result[:] = -(around * (grid.edge > 0))[..., None] * (grid.world - anchor) / 3
    return result
