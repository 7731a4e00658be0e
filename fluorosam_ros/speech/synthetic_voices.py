"""Five synthetic speakers for tests and benchmarks: Debian's espeak-ng and flite, as programs."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.signal import resample_poly

from fluorosam_ros.speech.audio import RATE_HZ, Samples, checked, from_int16

SILENCE_S = 0.3
"""Before and after the words."""

_SPELLED = re.compile(r"\b(?:LAO|RAO|AP|PA)\b|\b[CTLS](?=\d{1,2}\b)")


class NoVoice(RuntimeError):
    """Which program is missing, in one sentence."""


@dataclass(frozen=True)
class Voice:
    """A speaker. program: espeak-ng or flite; name: its voice."""

    program: str
    name: str

    def __str__(self) -> str:
        return f"{self.program} {self.name}"


VOICES = (
    Voice("espeak-ng", "en-us"),
    Voice("espeak-ng", "en-gb"),
    Voice("espeak-ng", "en-us+f3"),
    Voice("flite", "slt"),
    Voice("flite", "rms"),
)


def speak(text: str, voice: Voice) -> Samples:
    """The text spoken, with a little silence around it. Raises NoVoice without the program."""
    program = shutil.which(voice.program)
    if program is None:
        raise NoVoice(f"The program {voice.program} is not installed: apt-get install espeak-ng flite.")
    words = _SPELLED.sub(lambda found: " ".join(found[0]) + " ", text)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "spoken.wav"
        if voice.program == "flite":
            command = [program, "-voice", voice.name, "-t", words, "-o", str(path)]
        else:
            command = [program, "-v", voice.name, "-s", "150", "-w", str(path), words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        if done.returncode or not path.exists():
            raise NoVoice(f"{voice} cannot speak: {done.stderr.strip() or f'status {done.returncode}'}.")
        with wave.open(str(path), "rb") as file:
            rate_hz = file.getframerate()
            samples = from_int16(np.frombuffer(file.readframes(file.getnframes()), np.int16))
    if rate_hz != RATE_HZ:
        common = np.gcd(rate_hz, RATE_HZ)
        samples = resample_poly(samples, RATE_HZ // common, rate_hz // common).astype(np.float32)
    silence = np.zeros(int(SILENCE_S * RATE_HZ), np.float32)
    return checked(np.concatenate([silence, samples, silence]))


def add_noise(samples: Samples, snr_db: float, seed: int) -> Samples:
    """The sound in white noise whose power is `snr_db` below that of the spoken part."""
    spoken = samples[np.abs(samples) > 0.01 * np.abs(samples).max(initial=0.0)]
    power = float(np.mean(spoken.astype(np.float64) ** 2)) if spoken.size else 0.0
    noise = np.random.default_rng(seed).standard_normal(samples.size) * np.sqrt(power / 10 ** (snr_db / 10))
    return checked((samples + noise).astype(np.float32))
