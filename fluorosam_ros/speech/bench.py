"""`fluorosam bench speech`: a hundred commands by five synthetic voices, clean and in noise, through both recognisers.

A question ("Did you say …?") is answered as an operator would: "confirm please" if it asks about what was said, else
"cancel", in the same voice and new noise, and once more if it is still open. What was heard can be kept in a file, so
that an interrupted run goes on, and the rules can be scored again without listening again.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fluorosam_ros.control.command_types import Stop, acts
from fluorosam_ros.control.commands import parse
from fluorosam_ros.speech.agreement import Dialogue
from fluorosam_ros.speech.audio import from_int16, to_int16
from fluorosam_ros.speech.bench_commands import COMMANDS
from fluorosam_ros.speech.grammar import CANCEL, CONFIRM_PLEASE
from fluorosam_ros.speech.interpretation import same_meaning
from fluorosam_ros.speech.recogniser import Heard, Recogniser
from fluorosam_ros.speech.synthetic_voices import VOICES, Voice, add_noise, speak

CONDITIONS: dict[str, float | None] = {"clean": None, "10 dB": 10.0}
"""Name and ratio of speech to white noise, dB."""

_TEXTS = (*COMMANDS, CONFIRM_PLEASE, "stop", CANCEL)
_SEEDS_PER_VOICE, _SEEDS_PER_TAKE = 1000, 10_000
_ANSWERS = 2

Outcome = str
AT_ONCE, CONFIRMED, NOTHING = "at once", "confirmed", "nothing"
WRONG_MOTION, WRONG_OTHER, FALSE_STOP = "wrong motion", "wrong, harmless", "false stop"


@dataclass(frozen=True)
class Ear:
    """What a recogniser heard of one text in one voice and condition, and the CPU seconds it took.

    take: number of the recording; each has noise of its own.
    """

    voice: str
    text: str
    condition: str
    recogniser: str
    heard: str
    confidence: float
    cpu_s: float
    take: int = 0


class Log:
    """What was heard, in memory and, one JSON object a line, in a file if there is one."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._ears: dict[tuple[str, str, str, str, int], Ear] = {}
        if path is not None and path.exists():
            for number, line in enumerate(path.read_text().splitlines(), 1):
                try:
                    self._keep(Ear(**json.loads(line)))
                except (ValueError, TypeError) as error:
                    raise ValueError(f"Line {number} of {path} is not of a speech benchmark: {error}.") from error

    def _keep(self, ear: Ear) -> None:
        self._ears[ear.voice, ear.text, ear.condition, ear.recogniser, ear.take] = ear

    def get(self, voice: Voice, text: str, condition: str, recogniser: str, take: int) -> Ear | None:
        """What was heard, or None if it was not listened to yet."""
        return self._ears.get((str(voice), text, condition, recogniser, take))

    def add(self, ear: Ear) -> None:
        """Keeps it."""
        self._keep(ear)
        if self._path is not None:
            with self._path.open("a") as file:
                file.write(json.dumps(asdict(ear)) + "\n")


class Bench:
    """Listens to what is not in the log yet. recognisers: the general and the checking one, loaded when needed."""

    def __init__(self, recognisers: Callable[[], tuple[Recogniser, Recogniser]], log: Log) -> None:
        self._load, self._log = recognisers, log
        self._loaded: tuple[Recogniser, Recogniser] | None = None

    def ears(self, voice: Voice, text: str, condition: str, take: int = 0) -> tuple[Ear, Ear]:
        """What the general and the checking recogniser heard."""
        kept = [self._log.get(voice, text, condition, name, take) for name in ("whisper", "sphinx")]
        if kept[0] is None or kept[1] is None:
            samples = speak(text, voice)
            snr_db = CONDITIONS[condition]
            if snr_db is not None:
                seed = VOICES.index(voice) * _SEEDS_PER_VOICE + _TEXTS.index(text)
                samples = add_noise(samples, snr_db, seed + take * _SEEDS_PER_TAKE)
            samples = from_int16(to_int16(samples))  # as from a microphone
            self._loaded = self._loaded or self._load()
            for at, recogniser in enumerate(self._loaded):
                if kept[at] is None:
                    begun_s = time.process_time()
                    heard = recogniser.hear(samples)
                    cpu_s = time.process_time() - begun_s
                    what = str(voice), text, condition, recogniser.name, heard.text, heard.confidence
                    ear = Ear(*what, round(cpu_s, 3), take)
                    self._log.add(ear)
                    kept[at] = ear
        assert kept[0] and kept[1]
        return kept[0], kept[1]

    def outcome(self, voice: Voice, text: str, condition: str) -> Outcome:
        """What came of one spoken command, its question answered."""
        wanted = parse(text)
        dialogue = Dialogue()
        first = dialogue.take(*self._heard(voice, text, condition), now_s=0.0)
        asked = first.kind == "ask"
        passed = first.text if first.kind == "pass" else None
        if asked:
            answer = CONFIRM_PLEASE if same_meaning(parse(first.text), wanted) else CANCEL
            for attempt in range(_ANSWERS):
                take = 0 if CONDITIONS[condition] is None else 1 + _TEXTS.index(text) * _ANSWERS + attempt
                second = dialogue.take(*self._heard(voice, answer, condition, take), now_s=2.0 + 2.0 * attempt)
                if dialogue.pending is None:
                    break
            passed = second.text if second.kind == "pass" else None
        if passed is None:
            return NOTHING
        command = parse(passed)
        if same_meaning(command, wanted):
            return CONFIRMED if asked else AT_ONCE
        if acts(command):
            return WRONG_MOTION
        return FALSE_STOP if isinstance(command, Stop) else WRONG_OTHER

    def _heard(self, voice: Voice, text: str, condition: str, take: int = 0) -> tuple[Heard, Heard]:
        general, checking = self.ears(voice, text, condition, take)
        return Heard(general.heard, general.confidence), Heard(checking.heard, checking.confidence)


def packaged_recognisers() -> tuple[Recogniser, Recogniser]:
    """Whisper and PocketSphinx, one thread each; raises RecogniserError."""
    from fluorosam_ros.speech.sphinx import SphinxRecogniser
    from fluorosam_ros.speech.whisper import WhisperRecogniser

    return WhisperRecogniser(threads=1), SphinxRecogniser()


def bench_speech(
    commands: Iterable[str] = COMMANDS,
    log: Path | None = None,
    recognisers: Callable[[], tuple[Recogniser, Recogniser]] = packaged_recognisers,
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, Any]:
    """Scores of every condition, and every command that was not carried out.

    Returns {"rows": [{condition, spoken, carried_out, at_once, confirmed, nothing, wrong_motions, wrong_other,
    false_stops, whisper_cpu_s, sphinx_cpu_s, stops_heard}], "voices": {voice: {condition: share}}, "misses": [...]};
    shares are of 1. Raises RecogniserError, NoVoice or ValueError for another log.
    """
    commands = tuple(commands)
    bench = Bench(recognisers, Log(log))
    total, done = len(commands) * len(VOICES) * len(CONDITIONS), 0
    rows: list[dict[str, Any]] = []
    voices: dict[str, dict[str, float]] = {str(voice): {} for voice in VOICES}
    misses: list[dict[str, str]] = []
    outcomes: dict[tuple[str, Voice, str], Outcome] = {}
    for text in commands:
        for voice in VOICES:
            for condition in CONDITIONS:
                outcome = outcomes[condition, voice, text] = bench.outcome(voice, text, condition)
                if outcome not in (AT_ONCE, CONFIRMED):
                    general, checking = bench.ears(voice, text, condition)
                    misses.append(
                        {"command": text, "voice": str(voice), "condition": condition, "outcome": outcome,
                         "whisper": general.heard, "sphinx": checking.heard}
                    )  # fmt: skip
                done += 1
                tell(done, total)
    for condition in CONDITIONS:
        found = Counter(outcome for (name, _, _), outcome in outcomes.items() if name == condition)
        rows.append(_row(condition, found, bench, commands))
        for voice in VOICES:
            own = [outcomes[condition, voice, text] in (AT_ONCE, CONFIRMED) for text in commands]
            voices[str(voice)][condition] = round(sum(own) / len(own), 3)
    return {"commands": len(commands), "rows": rows, "voices": voices, "misses": misses}


def _row(condition: str, found: Counter[Outcome], bench: Bench, commands: tuple[str, ...]) -> dict[str, Any]:
    spoken = sum(found.values())
    ears = [bench.ears(voice, text, condition) for voice in VOICES for text in commands]
    return {
        "condition": condition,
        "spoken": spoken,
        "carried_out": round((found[AT_ONCE] + found[CONFIRMED]) / spoken, 3),
        "at_once": round(found[AT_ONCE] / spoken, 3),
        "confirmed": round(found[CONFIRMED] / spoken, 3),
        "nothing": round(found[NOTHING] / spoken, 3),
        "wrong_motions": found[WRONG_MOTION],
        "wrong_other": found[WRONG_OTHER],
        "false_stops": found[FALSE_STOP],
        "whisper_cpu_s": round(sum(general.cpu_s for general, _ in ears) / len(ears), 2),
        "sphinx_cpu_s": round(sum(checking.cpu_s for _, checking in ears) / len(ears), 2),
    }
