"""Rendered views kept in memory, and renewed while training goes on."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from fluorosam_sim.anatomy import LABELS
from fluorosam_sim.carm import CArmConfig, CArmPose
from fluorosam_sim.patients import Patient
from fluorosam_sim.patients.contrast import without_contrast
from fluorosam_sim.patients.library import is_synthetic
from fluorosam_sim.render import CpuRenderer, Renderer, Rendering
from fluorosam_sim.views import ViewSampler, sample_view

BITS_STRIDE = 2  # label sets are kept of every second pixel
RENDERERS = ("cpu", "cuda")
_WORDS = (len(LABELS) + 63) // 64
_ATTEMPTS = 50
_FINE_MM = 1.0
VIEWS_A_BODY = 24
_VIEWS_A_NEW_BODY = 4
_ALL_ROUND = 0.4
# Which of two limbs or lungs behind each other is the left one shows in their size alone: the hardest to learn.
_LATERAL = 0.65


@dataclass(frozen=True, eq=False)
class View:
    """soft_gcm2, bone_gcm2: (S, S) float32; label_bits: (S/2, S/2, words) uint64, bit i is LABELS[i]."""

    soft_gcm2: npt.NDArray[np.float32]
    bone_gcm2: npt.NDArray[np.float32]
    label_bits: npt.NDArray[np.uint64]


class ViewSource:
    """Renders random views of patients; real ones every other time with the contrast medium taken out of the vessels.

    Directions are those held out for testing or those that are not; of synthetic bodies, which are held out as a whole,
    testing takes any. At most `active_bodies` synthetic ones are prepared at a time, and one is replaced now and then.

    preview: half the in-plane resolution of a CT with voxels under a millimetre, which at 256 px hardly shows and
    renders four times faster. synthetic_share: share of views of synthetic bodies, where there are both kinds.
    image_px: width and height of the views.
    """

    def __init__(
        self,
        patients: Sequence[Patient],
        seed: int,
        held_out: bool,
        preview: bool = True,
        renderer: str = "cpu",
        synthetic_share: float = 0.5,
        image_px: int = 256,
        active_bodies: int = 4,
    ) -> None:
        self._rng = np.random.default_rng(seed)
        self._image_px = image_px
        synthetic = [each for each in patients if is_synthetic(each.name)]
        self._held_out, self._preview, self._kind = held_out, preview, renderer
        self._real = [_RealBody(each, held_out, self._renderer) for each in patients if each not in synthetic]
        self._waiting = [synthetic[number] for number in self._rng.permutation(len(synthetic))]
        self._active: list[_SyntheticBody] = []
        self._most_active = active_bodies
        self._share = float(bool(synthetic)) if not self._real or not synthetic else synthetic_share
        self._count = 0

    def render(self) -> tuple[Rendering, CArmConfig, CArmPose]:
        """The next view."""
        for _ in range(_ATTEMPTS):
            body = self._next_body()
            config, pose = body.sample(self._rng)
            try:
                return body.next_renderer().render(config.projection(pose, (self._image_px,) * 2)), config, pose
            except ValueError:  # the tube or the detector would be inside the patient
                continue
        raise RuntimeError("No view of this patient could be rendered: the volume is too large for the C-arm.")

    def _next_body(self) -> _RealBody | _SyntheticBody:
        if self._rng.random() >= self._share:
            return self._real[self._rng.integers(len(self._real))]
        self._count += 1
        room = len(self._active) < self._most_active
        # A body that is new costs as much as many views: the first ones come from few bodies, and soon.
        due = self._count % (_VIEWS_A_NEW_BODY if room else VIEWS_A_BODY) == 0
        if self._waiting and (due or not self._active):
            if not room:
                self._waiting.append(self._active.pop(0).patient)
            held_out = None if self._held_out else False
            self._active.append(_SyntheticBody(self._waiting.pop(0), held_out, self._renderer))
        return self._active[self._rng.integers(len(self._active))]

    def _renderer(self, patient: Patient) -> Renderer:
        preview = self._preview and sorted(patient.spacing_mm)[1] < _FINE_MM
        if self._kind == "cpu":
            return CpuRenderer(patient, preview)
        from fluorosam_sim.render.cuda import CudaRenderer

        return CudaRenderer(patient, preview)


class _RealBody:
    """A labelled CT, with and without contrast medium."""

    def __init__(self, patient: Patient, held_out: bool, renderer: Callable[[Patient], Renderer]) -> None:
        self.patient, self._held_out = patient, held_out
        self._sampler = ViewSampler(patient, all_round=0.0 if held_out else _ALL_ROUND)
        self._renderers = itertools.cycle([renderer(patient), renderer(without_contrast(patient))])

    def sample(self, rng: np.random.Generator) -> tuple[CArmConfig, CArmPose]:
        return self._sampler.sample(rng, self._held_out)

    def next_renderer(self) -> Renderer:
        return next(self._renderers)


class _SyntheticBody:
    """A synthetic body, which has contrast medium or not as its seed says; standard views and random ones, of
    which training takes many from the sides."""

    def __init__(self, patient: Patient, held_out: bool | None, renderer: Callable[[Patient], Renderer]) -> None:
        self.patient, self._held_out = patient, held_out
        self._renderer = renderer(patient)

    def sample(self, rng: np.random.Generator) -> tuple[CArmConfig, CArmPose]:
        lateral_share = _LATERAL if self._held_out is False else 0.0
        view = sample_view(self.patient, rng, lateral_share=lateral_share, held_out=self._held_out)
        return view.config, view.pose

    def next_renderer(self) -> Renderer:
        return self._renderer


def vocabulary_bits(rendering: Rendering, every: int = BITS_STRIDE) -> npt.NDArray[np.uint64]:
    """Label sets of every second (`every`) pixel in the vocabulary's order: (H / every, W / every, words), bit i is
    LABELS[i], whichever numbers the patient's labels have."""
    bits = np.ascontiguousarray(rendering.label_bits[::every, ::every])
    height, width, words = bits.shape
    planes = np.unpackbits(bits.view(np.uint8).reshape(height, width, words * 8), axis=2, bitorder="little")
    numbers = {name: number for number, name in enumerate(rendering.label_names)}
    shared = [(index, numbers[label]) for index, label in enumerate(LABELS) if label in numbers]
    ordered = np.zeros((height, width, _WORDS * 64), np.uint8)
    ordered[:, :, [index for index, _ in shared]] = planes[:, :, [number for _, number in shared]]
    return np.packbits(ordered, axis=2, bitorder="little").view(np.uint64)


class ViewStore:
    """Up to `size` views in memory, the newest in place of the oldest.

    image_px: width and height of a view. shared: in memory that other processes see, too, when the store is sent to
    them. writers: how many of them may add views, each in places of its own, so that none waits for another.
    """

    def __init__(self, size: int, image_px: int = 256, shared: bool = False, writers: int = 1) -> None:
        self.size, self.image_px = size - size % writers, image_px
        self._densities = torch.zeros((size, 2, image_px, image_px), dtype=torch.float16)
        self._bits = torch.zeros((size, *[image_px // BITS_STRIDE] * 2, _WORDS), dtype=torch.int64)
        self._added = torch.zeros(writers, dtype=torch.int64)
        if shared:
            for tensor in (self._densities, self._bits, self._added):
                tensor.share_memory_()

    @property
    def added(self) -> int:
        """Views ever added."""
        return int(self._added.sum())

    def __len__(self) -> int:
        return min(int(self._added.min()) * len(self._added), self.size)

    def add(self, rendering: Rendering, writer: int = 0) -> None:
        """Keep a view of image_px × image_px pixels; writer: number of the one who adds it."""
        writers = len(self._added)
        slot = int(self._added[writer]) % (self.size // writers) * writers + writer
        densities = self._densities[slot].numpy()
        densities[0], densities[1] = rendering.soft_gcm2, rendering.bone_gcm2
        self._bits[slot].numpy().view(np.uint64)[:] = vocabulary_bits(rendering)
        self._added[writer] += 1

    def __getitem__(self, index: int) -> View:
        if not 0 <= index < len(self):
            raise IndexError(f"The pool holds {len(self)} views, not one number {index}.")
        soft, bone = self._densities[index].numpy().astype(np.float32)
        return View(soft, bone, self._bits[index].numpy().view(np.uint64))

    def buffers(self, count: int, pin: bool) -> tuple[Tensor, Tensor]:
        """Room for `count` views, which `gather` fills; pin: in memory that a GPU reads by itself."""
        densities = torch.empty((count, *self._densities.shape[1:]), dtype=torch.float16, pin_memory=pin)
        return densities, torch.empty((count, *self._bits.shape[1:]), dtype=torch.int64, pin_memory=pin)

    def gather(self, indices: Tensor, densities: Tensor, bits: Tensor) -> None:
        """Copy views: densities (N, 2, S, S) float16, soft tissue and bone; bits (N, S/2, S/2, words) int64."""
        torch.index_select(self._densities, 0, indices, out=densities)
        torch.index_select(self._bits, 0, indices, out=bits)


class ViewPool:
    """A store and where its views come from."""

    def __init__(self, source: ViewSource, store: ViewStore) -> None:
        self.store = store
        self._source = source

    def fill(self, count: int, progress: Callable[[int], None] = lambda count: None) -> None:
        """Render until the store holds `count` views (at most its size); progress is told how many there are."""
        while len(self.store) < min(count, self.store.size):
            self.renew()
            progress(len(self.store))

    def renew(self, views: int = 1) -> None:
        """Render some more views."""
        for _ in range(views):
            self.store.add(self._source.render()[0])
