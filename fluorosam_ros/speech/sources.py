"""Where sound comes from besides a topic: a WAV file, as if it were spoken now, or a sound device."""

from __future__ import annotations

import queue
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from fluorosam_ros.speech.audio import RATE_HZ, AudioError, Samples, checked, read_wav

_BLOCK_S = 0.05


class Source(Protocol):
    """Something to be asked again and again for new sound."""

    def read(self, seconds: float) -> Samples:
        """What is new, at most about so many seconds of it; may be empty. Raises AudioError for sound that is none."""
        ...

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        ...

    def close(self) -> None:
        """Lets go of the file or device."""
        ...


class WavSource:
    """A WAV file; raises AudioError when it is none, or not 16-bit mono at 16 kHz."""

    def __init__(self, path: Path) -> None:
        self._samples = read_wav(path)
        self._at = 0

    def read(self, seconds: float) -> Samples:
        """The next seconds of the file."""
        begin = self._at
        self._at = min(begin + round(seconds * RATE_HZ), self._samples.size)
        return self._samples[begin : self._at]

    @property
    def ended(self) -> bool:
        """Whether the file was read to its end."""
        return self._at >= self._samples.size

    def close(self) -> None:
        """Nothing to do."""


class DeviceSource:
    """A sound device through PortAudio; name: a part of its name, "" for the default.

    Raises AudioError when `sounddevice`, PortAudio or such a device is missing.
    """

    def __init__(self, name: str = "") -> None:
        try:
            import sounddevice
        except (ImportError, OSError) as error:  # OSError: the package is there, the PortAudio library is not
            raise AudioError(
                f"No sound device can be used ({error}): `pip install sounddevice`, `apt-get install libportaudio2`."
            ) from error
        self._new: queue.SimpleQueue[Samples] = queue.SimpleQueue()
        try:
            self._stream = sounddevice.InputStream(
                device=name or None, samplerate=RATE_HZ, channels=1, dtype="float32",
                blocksize=round(_BLOCK_S * RATE_HZ), callback=self._take,
            )  # fmt: skip
            self._stream.start()
        except (sounddevice.PortAudioError, ValueError) as error:
            what = f"sound device {name!r}" if name else "default sound device"
            raise AudioError(f"The {what} cannot be opened: {error}.") from error

    def _take(self, block: Any, frames: int, time: Any, status: Any) -> None:
        self._new.put(np.array(block[:, 0], np.float32))

    def read(self, seconds: float) -> Samples:
        """All that came since the last call, however long that was."""
        blocks = []
        while not self._new.empty():
            blocks.append(self._new.get())
        return checked(np.concatenate(blocks)) if blocks else np.empty(0, np.float32)

    @property
    def ended(self) -> bool:
        """Whether the device was taken away."""
        return not self._stream.active

    def close(self) -> None:
        """Stops the stream."""
        self._stream.close()
