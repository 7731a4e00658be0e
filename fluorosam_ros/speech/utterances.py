"""Where an utterance begins and ends: by its energy above the room's noise, or by a key that is held down to talk."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from fluorosam_ros.speech.audio import RATE_HZ, Samples

FRAME_S = 0.02
_FRAME = int(FRAME_S * RATE_HZ)
_SILENCE_DB = -90.0


@dataclass(frozen=True)
class EndpointConfig:
    """How speech is told from the room.

    Attributes:
        margin_db: a frame this far above the noise floor is speech.
        quietest_db: what is below this level, relative to full scale, is never speech.
        floor_window_s: the floor is the 20th percentile of the levels of this time.
        begin_s: this much speech begins an utterance; hangover_s: this much silence ends it.
        padding_s: kept from before the beginning. min_s, max_s: shorter ones are dropped, longer ones are cut.
    """

    margin_db: float = 6.0
    quietest_db: float = -50.0
    floor_window_s: float = 6.0
    begin_s: float = 0.06
    hangover_s: float = 0.6
    padding_s: float = 0.3
    min_s: float = 0.2
    max_s: float = 12.0


class UtteranceFinder:
    """Cuts a stream of sound into utterances."""

    def __init__(self, config: EndpointConfig | None = None) -> None:
        self.config = config or EndpointConfig()
        self._levels_db: deque[float] = deque(maxlen=round(self.config.floor_window_s / FRAME_S))
        self._rest = np.empty(0, np.float32)
        self._before: deque[Samples] = deque(maxlen=round((self.config.padding_s + self.config.begin_s) / FRAME_S))
        self._frames: list[Samples] = []
        self._speaking = self._talking = self._cut = False
        self._loud = self._quiet = self._loud_in_all = 0

    @property
    def talking(self) -> bool:
        """Whether the key to talk is down."""
        return self._talking

    def feed(self, samples: Samples) -> list[Samples]:
        """Takes the next piece of sound, of any length; returns the utterances that ended in it."""
        self._rest = np.concatenate([self._rest, samples])
        ended: list[Samples] = []
        whole = self._rest.size // _FRAME
        for frame in self._rest[: whole * _FRAME].reshape(whole, _FRAME):
            utterance = self._take(frame)
            if utterance is not None:
                ended.append(utterance)
        self._rest = self._rest[whole * _FRAME :].copy()
        return ended

    def press(self) -> None:
        """The key to talk is down: an utterance begins, whatever the level."""
        self._begin()
        self._talking = True

    def release(self) -> Samples | None:
        """The key to talk is up: what was said meanwhile, or None if that is too short or was cut already."""
        if not self._talking:
            return None
        if self._cut:
            self._talking = False
            self._clear()
            return None
        utterance = self._end()
        self._talking = False
        return utterance

    def finish(self) -> Samples | None:
        """The stream has ended: the utterance that was under way, or None."""
        self._talking = False
        return self._end() if self._speaking else None

    def _take(self, frame: Samples) -> Samples | None:
        level_db = 10.0 * float(np.log10(np.mean(frame.astype(np.float64) ** 2) + 10 ** (_SILENCE_DB / 10)))
        self._levels_db.append(level_db)
        floor_db = float(np.percentile(np.asarray(self._levels_db), 20))
        loud = level_db > max(floor_db + self.config.margin_db, self.config.quietest_db)
        if not self._speaking:
            self._before.append(frame)
            self._loud = self._loud + 1 if loud else 0
            if self._loud >= round(self.config.begin_s / FRAME_S):
                self._begin()
            return None
        if self._cut:  # the key is still held down although the longest utterance is over
            return None
        self._frames.append(frame)
        self._loud_in_all += loud
        self._quiet = 0 if loud else self._quiet + 1
        if len(self._frames) * FRAME_S >= self.config.max_s:
            self._cut = self._talking
            return self._end()
        return None if self._talking or self._quiet * FRAME_S < self.config.hangover_s else self._end()

    def _begin(self) -> None:
        if not self._speaking:
            self._frames = list(self._before)
            self._loud_in_all = self._loud
        self._speaking, self._cut, self._quiet = True, False, 0

    def _end(self) -> Samples | None:
        # With a key there may be no silence around the words that a level could be compared with.
        frames, spoken, held = self._frames, len(self._frames) if self._talking else self._loud_in_all, self._cut
        self._clear()
        self._speaking = self._cut = held
        return np.concatenate(frames) if frames and spoken * FRAME_S >= self.config.min_s - 1e-9 else None

    def _clear(self) -> None:
        self._frames, self._loud, self._quiet, self._loud_in_all = [], 0, 0, 0
        self._speaking = self._cut = False
        self._before.clear()
