"""Sound as the recognisers take it: mono, 16 kHz, float32 from -1 to 1; read from WAV files, checked from anywhere."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

RATE_HZ = 16_000
MAX_FILE_S = 3600.0
Samples = npt.NDArray[np.float32]
"""Shape (n,), -1 to 1."""


class AudioError(ValueError):
    """Why a sound cannot be listened to, in one sentence."""


def from_int16(values: npt.ArrayLike) -> Samples:
    """Samples of 16-bit integers. Raises AudioError for another shape or type."""
    samples = np.asarray(values)
    if samples.ndim != 1 or samples.dtype != np.int16:
        raise AudioError(f"Audio must be one row of 16-bit samples, not {samples.ndim} dimensions of {samples.dtype}.")
    return samples.astype(np.float32) / 32768.0


def to_int16(samples: Samples) -> npt.NDArray[np.int16]:
    """The same sound as 16-bit integers; what is louder than full scale is clipped."""
    return np.clip(np.round(samples * 32768.0), -32768, 32767).astype(np.int16)


def checked(values: npt.ArrayLike) -> Samples:
    """Floating-point samples as Samples. Raises AudioError when they are no finite row of numbers."""
    samples: npt.NDArray[Any] = np.asarray(values)
    if samples.ndim != 1:
        raise AudioError(f"Audio must be one channel, not an array of {samples.ndim} dimensions.")
    if samples.dtype.kind != "f":
        raise AudioError(f"Audio must be floating-point samples from -1 to 1, not {samples.dtype}.")
    if not np.isfinite(samples).all():
        raise AudioError("The audio has samples that are no numbers.")
    return np.clip(samples, -1.0, 1.0).astype(np.float32)


def read_wav(path: Path) -> Samples:
    """A WAV file: 16-bit PCM, mono, 16 kHz, at most an hour. Raises AudioError for any other file."""
    try:
        with wave.open(str(path), "rb") as file:
            channels, width, rate_hz, count = file.getparams()[:4]
            if channels != 1:
                raise AudioError(f"{path} has {channels} channels: it must be mono.")
            if rate_hz != RATE_HZ:
                raise AudioError(f"{path} has {rate_hz} samples a second: it must have {RATE_HZ}.")
            if width != 2:
                raise AudioError(f"{path} has {8 * width} bits a sample: it must have 16.")
            if count > MAX_FILE_S * RATE_HZ:
                raise AudioError(f"{path} is longer than {MAX_FILE_S / 60:.0f} minutes.")
            data = file.readframes(count)
    except (wave.Error, EOFError) as error:
        raise AudioError(f"{path} is no WAV file that can be read: {str(error) or 'it ends too early'}.") from error
    except OSError as error:
        raise AudioError(f"{path} cannot be read: {error.strerror or error}.") from error
    return from_int16(np.frombuffer(data[: len(data) // 2 * 2], "<i2").astype(np.int16))


def write_wav(path: Path, samples: Samples) -> None:
    """Writes what read_wav reads."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(to_int16(samples).astype("<i2").tobytes())
