"""DeepDRR as a backend: in a process and an environment of its own, which the user installs.

DeepDRR (GPL-3) needs an NVIDIA GPU, CUDA and other versions of numpy than ours. Install it into its own environment and
put the path of that environment's Python into FLUOROSAM_DEEPDRR_PYTHON; `fluorosam doctor` says whether it answers.
Densities come from DeepDRR, by two monoenergetic projections; label sets, path lengths and tools from the CPU ray
caster, since DeepDRR has masks of meshes only.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

import nibabel as nib
import numpy as np
import numpy.typing as npt

from fluorosam_sim.geometry import Projection
from fluorosam_sim.patients.patient import Patient
from fluorosam_sim.render.beam import attenuation_cm2_g, table
from fluorosam_sim.render.cpu import CpuRenderer
from fluorosam_sim.render.placed import PlacedTool
from fluorosam_sim.render.renderer import Rendering

PYTHON_VARIABLE = "FLUOROSAM_DEEPDRR_PYTHON"
ENERGIES_KEV = (50.0, 110.0)  # far enough apart to tell bone from soft tissue
_WORKER = Path(__file__).with_name("deepdrr_worker.py")
_LPS_TO_RAS = np.array([-1.0, -1.0, 1.0])
_LEAST_TRANSMISSION = 1e-12
_CHECK_PX = 48  # least width of the image that is compared


class DeepDrrError(RuntimeError):
    """DeepDRR cannot run or did not give what was asked for; the message says why, in one sentence."""


class Channel:
    """A worker process and the lines to and from it; see deepdrr_worker.py for the protocol."""

    def __init__(self, python: str | None = None, timeout_s: float = 600.0) -> None:
        """Starts the worker. Raises DeepDrrError when there is no such Python; timeout_s: for one reply."""
        self._python = python or os.environ.get(PYTHON_VARIABLE, "")
        if not self._python:
            raise DeepDrrError(
                f"DeepDRR is not set up: install it into an environment of its own and set {PYTHON_VARIABLE} to that "
                "environment's Python."
            )
        self._timeout_s = timeout_s
        try:
            self._process = subprocess.Popen(
                [self._python, str(_WORKER)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        except OSError as error:
            raise DeepDrrError(f"{PYTHON_VARIABLE} is {self._python!r}, which cannot be run.") from error

    def ask(self, **request: Any) -> dict[str, Any]:
        """The reply to one request. Raises DeepDrrError for an error, for no reply and for a late one."""
        assert self._process.stdin is not None and self._process.stdout is not None
        late = threading.Timer(self._timeout_s, self._process.kill)
        late.start()
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
            reply = json.loads(line)
        except (OSError, ValueError) as error:
            raise DeepDrrError(f"DeepDRR's process gave no answer within {self._timeout_s:g} s or ended.") from error
        finally:
            late.cancel()
        if not reply.get("ok"):
            raise DeepDrrError(f"DeepDRR failed: {reply.get('error', 'no reason given')}")
        return dict(reply)

    def close(self) -> None:
        """Ends the worker."""
        self._process.kill()
        self._process.communicate()

    def __enter__(self) -> Channel:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def probe(timeout_s: float = 60.0) -> str:
    """The version of the DeepDRR that answers. Raises DeepDrrError, with what to do, when none does."""
    with Channel(timeout_s=timeout_s) as channel:
        return str(channel.ask(op="hello")["deepdrr"])


class DeepDrrRenderer:
    """What CpuRenderer gives, with DeepDRR's area densities.

    Its first image is compared with the CPU ray caster's: an image that is mirrored, turned, or off by more than a
    fifth in density raises DeepDrrError, since another version may have other conventions. Use it as a context, or call
    close(). Raises DeepDrrError when DeepDRR cannot run, ValueError for what CpuRenderer refuses.
    """

    def __init__(self, patient: Patient, channel: Channel | None = None) -> None:
        self.patient = patient
        self._cpu = CpuRenderer(patient)
        self._channel = channel or Channel()
        self._folder = tempfile.TemporaryDirectory(prefix="fluorosam-deepdrr-")
        self._checked = False
        at = attenuation_cm2_g
        bins = [int(np.argmin(np.abs(table().energies_kev - energy))) for energy in ENERGIES_KEV]
        self._from_logarithms = np.linalg.inv([[at("soft tissue")[n], at("cortical bone")[n]] for n in bins])
        try:
            path = str(Path(self._folder.name) / "ct.nii.gz")
            affine = np.diag([*_LPS_TO_RAS, 1.0]) @ patient.affine
            nib.save(nib.Nifti1Image(np.asarray(patient.hu, np.int16), affine), path)
            self._channel.ask(op="load", ct=path)
        except BaseException:
            self.close()
            raise

    def render(
        self,
        projection: Projection,
        labels: bool = True,
        paths: Iterable[str] = (),
        tools: Sequence[PlacedTool] = (),
    ) -> Rendering:
        """One view; see CpuRenderer.render. Raises ValueError for a detector that is not square to the beam."""
        ours = self._cpu.render(projection, labels, paths, tools)
        if not self._checked:
            self._check(_coarser(projection))
        soft, bone = self._densities([projection])[0]
        if tools:
            # What the tools displace is the same tissue in both.
            bare = self._cpu.render(projection, labels=False)
            soft = np.maximum(soft - (bare.soft_gcm2 - ours.soft_gcm2), 0)
            bone = np.maximum(bone - (bare.bone_gcm2 - ours.bone_gcm2), 0)
        return replace(ours, soft_gcm2=soft, bone_gcm2=bone)

    def render_views(
        self, projections: Sequence[Projection], labels: bool = True, tools: Sequence[PlacedTool] = ()
    ) -> list[Rendering]:
        """Several views, in their order."""
        return [self.render(projection, labels, tools=tools) for projection in projections]

    def close(self) -> None:
        """Ends DeepDRR's process and deletes what was written for it."""
        self._channel.close()
        self._folder.cleanup()

    def __enter__(self) -> DeepDrrRenderer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _densities(self, projections: Sequence[Projection]) -> npt.NDArray[np.float32]:
        """(views, 2, H, W) g/cm² of soft tissue and bone, of views of one size."""
        out = str(Path(self._folder.name) / "images.npy")
        views = [view_of(each) for each in projections]
        self._channel.ask(op="project", views=views, energies_kev=list(ENERGIES_KEV), out=out)
        images = np.load(out)
        expected = (len(ENERGIES_KEV), len(views), projections[0].height, projections[0].width)
        if images.shape != expected or not np.isfinite(images).all():
            raise DeepDrrError(f"DeepDRR gave images of shape {images.shape}, or with NaN, instead of {expected}.")
        # The source sees the scene mirrored against the display.
        logarithms = -np.log(np.maximum(images[..., ::-1], _LEAST_TRANSMISSION))
        areas = np.einsum("me,evij->vmij", self._from_logarithms, logarithms)
        return np.ascontiguousarray(np.maximum(areas, 0), np.float32)

    def _check(self, small: Projection) -> None:
        ours = self._cpu.render(small, labels=False)
        expected = (ours.soft_gcm2 + ours.bone_gcm2).astype(float)
        if expected.max() < 1 or expected.std() < 0.05:
            return  # nothing in the beam to compare by: the next view will do
        got = self._densities([small])[0].sum(axis=0).astype(float)
        agreement = float(np.corrcoef(got.ravel(), expected.ravel())[0, 1])
        ratio = float(got.sum() / expected.sum())
        if not agreement > 0.97 or not 0.8 < ratio < 1.25:
            raise DeepDrrError(
                f"DeepDRR's image is not that of the same view (correlation {agreement:.2f}, density × {ratio:.2f}): "
                "this version has other conventions than the adapter was written for (1.2)."
            )
        self._checked = True


def _coarser(projection: Projection) -> Projection:
    """The same detector with fewer, still square pixels, where its size can be divided."""
    common = math.gcd(projection.width, projection.height)
    factors = [n for n in range(1, common + 1) if common % n == 0 and projection.width // n >= _CHECK_PX]
    factor = max(factors, default=1)
    return projection.resized(projection.width // factor, projection.height // factor)


def view_of(projection: Projection) -> dict[str, Any]:
    """A projection in the worker's words. Raises ValueError where the central ray does not meet the middle squarely."""
    right, down = projection.du_mm, projection.dv_mm
    middle = projection.origin_mm + right * (projection.width - 1) / 2 + down * (projection.height - 1) / 2
    beam = middle - projection.source_mm
    pitch, sdd_mm = float(np.linalg.norm(right)), float(np.linalg.norm(beam))
    skew = max(abs(float(beam @ right)) / sdd_mm, abs(float(beam @ down)) / sdd_mm, abs(float(right @ down)) / pitch)
    if abs(float(np.linalg.norm(down)) - pitch) > 1e-6 * pitch or skew > 1e-6 * pitch:
        raise ValueError("DeepDRR takes square pixels and a detector whose middle the central ray meets squarely.")
    return {
        "point_mm": [float(v) for v in _LPS_TO_RAS * (projection.source_mm + beam / 2)],
        "direction": [float(v) for v in _LPS_TO_RAS * beam / sdd_mm],
        "up": [float(v) for v in -_LPS_TO_RAS * down / pitch],
        "fraction": 0.5,
        "sdd_mm": sdd_mm,
        "pixel_mm": pitch,
        "width": projection.width,
        "height": projection.height,
    }
