"""timm without torchvision: stand-ins for the few names that timm imports from it but does not need to build networks.

The torchvision wheels of the package index are CUDA builds, whose import fails beside a CPU-only torch.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

_ROOT = "torchvision"


class _AnyMember(type):
    """Classes whose every public attribute exists: enough for tables such as {InterpolationMode.NEAREST: ...}."""

    def __getattr__(cls, name: str) -> str:
        if name.startswith("__"):
            raise AttributeError(name)
        return f"{cls.__name__}.{name}"


class _Placeholder(ModuleType):
    """A module in which every public name is an empty class."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        made = _AnyMember(name, (), {"__module__": self.__name__})
        setattr(self, name, made)
        return made


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        ours = fullname == _ROOT or fullname.startswith(f"{_ROOT}.")
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True) if ours else None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return _Placeholder(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        return None


def import_timm() -> ModuleType:
    """timm, with the real torchvision where that works. Raises RuntimeError when timm is not installed."""
    if importlib.util.find_spec("timm") is None:
        raise RuntimeError("The Swin encoders need the package timm: run `pip install --no-deps timm`.")
    if "timm" in sys.modules:
        return sys.modules["timm"]
    try:
        importlib.import_module(_ROOT)
    except (ImportError, RuntimeError):
        _forget(_ROOT)
        finder = _Finder()
        sys.meta_path.insert(0, finder)
        try:
            return importlib.import_module("timm")
        finally:
            sys.meta_path.remove(finder)
            _forget(_ROOT)
    return importlib.import_module("timm")


def _forget(root: str) -> None:
    for name in [name for name in sys.modules if name == root or name.startswith(f"{root}.")]:
        del sys.modules[name]
