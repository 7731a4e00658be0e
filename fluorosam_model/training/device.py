"""Where to compute, and in which precision: the faster one by measurement."""

from __future__ import annotations

import time

import torch
from torch import nn

_ROUNDS = 3
_CLEARLY_FASTER = 0.8


def pick_device(name: str) -> torch.device:
    """ "auto" is CUDA where there is one. Raises ValueError for a device that torch does not have."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and not torch.cuda.is_available():
        raise ValueError("There is no CUDA device for training: set device: auto or cpu.")
    if name == "cuda":  # all shapes stay the same over a run, and bfloat16's accuracy is enough for training
        torch.backends.cudnn.benchmark = True
        torch.set_float32_matmul_precision("high")
    return torch.device(name)


def pick_precision(name: str, device: torch.device) -> torch.dtype:
    """float32 or bfloat16 as asked; "measure" times a small network in both, as many CPUs emulate bfloat16 slowly."""
    if name == "float32":
        return torch.float32
    if name == "bfloat16":
        return torch.bfloat16
    if name != "measure":
        raise ValueError(f"There is no precision {name!r}: choose float32, bfloat16 or measure.")
    full = _seconds(device, torch.float32)
    half = _seconds(device, torch.bfloat16, limit_s=2 * full)
    return torch.bfloat16 if half < _CLEARLY_FASTER * full else torch.float32


def _seconds(device: torch.device, dtype: torch.dtype, limit_s: float = float("inf")) -> float:
    """Shortest time of a forward and a backward pass; the first pass decides alone where it takes far too long."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.Conv2d(64, 64, 3, padding=1)).to(device)
    x = torch.randn(2, 32, 64, 64, device=device)
    times = []
    for _ in range(_ROUNDS + 1):
        start = time.perf_counter()
        with torch.autocast(device.type, dtype, enabled=dtype != torch.float32):
            y = net(x)
        y.float().mean().backward()
        if device.type == "cuda":
            torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
        if times[-1] > 20 * limit_s:
            break
    return min(times[1:] or times)
