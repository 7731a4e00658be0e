"""When a body moves: breathing and heartbeat as numbers between rest and their full extent."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

_LUJAN_POWER = 2  # the wave is sin to twice this power: longer at the end of expiration
_SYSTOLE, _RELAXED = 0.35, 0.65  # parts of a beat: the heart is smallest, and wide again


@dataclass(frozen=True)
class Breathing:
    """Quiet breathing.

    breaths_per_minute: 4 to 40. diaphragm_mm: head-foot way of the domes between inspiration and expiration: 13 mm,
    among the 12 to 17 mm of quiet breathing in AAPM TG-76 (Keall et al., Med. Phys. 33 (2006) 3874). chest_mm:
    anterior-posterior way of the lower sternum, a few mm at rest (Kaneko & Horie, Respir. Care 57 (2012) 1442).
    variation: standard deviation of a breath's depth relative to the mean.
    """

    breaths_per_minute: float = 15.0
    diaphragm_mm: float = 13.0
    chest_mm: float = 4.0
    variation: float = 0.1

    def __post_init__(self) -> None:
        if not 4 <= self.breaths_per_minute <= 40:
            raise ValueError(f"A patient breathes 4 to 40 times a minute, not {self.breaths_per_minute:g}.")
        if not (0 <= self.diaphragm_mm <= 30 and 0 <= self.chest_mm <= 15 and 0 <= self.variation <= 0.3):
            raise ValueError("Ways are 0 to 30 mm of the diaphragm and 0 to 15 mm of the chest, variation 0 to 0.3.")

    @property
    def period_s(self) -> float:
        """Seconds that a breath takes."""
        return 60.0 / self.breaths_per_minute

    def expiration(self, time_s: float, seed: int = 0) -> float:
        """0 at full inspiration, which is the start of every breath, about 1 at its end of expiration.

        The wave is that of Lujan et al. (Med. Phys. 26 (1999) 715): more of the time is spent near expiration. Each
        breath has a depth of its own, drawn from the seed.
        """
        number = math.floor(time_s / self.period_s)
        depth = 1.0
        if self.variation > 0:
            drawn = np.random.default_rng((seed, number % 2**32)).standard_normal()
            depth = 1.0 + self.variation * float(np.clip(drawn, -2, 2))
        return depth * (1.0 - math.cos(math.pi * (time_s / self.period_s - number)) ** (2 * _LUJAN_POWER))


@dataclass(frozen=True)
class Heartbeat:
    """A regular beat.

    beats_per_minute: 30 to 200. volume_change: by how much of itself the whole heart, blood included, is smaller at the
    end of systole: 8.2 % (4.8 to 10.6 %; Carlsson et al., Am. J. Physiol. Heart Circ. Physiol. 287 (2004) H243).
    """

    beats_per_minute: float = 70.0
    volume_change: float = 0.082

    def __post_init__(self) -> None:
        if not 30 <= self.beats_per_minute <= 200:
            raise ValueError(f"A heart beats 30 to 200 times a minute, not {self.beats_per_minute:g}.")
        if not 0 <= self.volume_change <= 0.2:
            raise ValueError("The heart's volume changes by 0 to 0.2 of itself.")

    def contraction(self, time_s: float) -> float:
        """0 at the end of diastole, which is the start of every beat, 1 at the end of systole a third of it later."""
        phase = time_s * self.beats_per_minute / 60.0 % 1.0
        if phase >= _RELAXED:
            return 0.0
        share = phase / _SYSTOLE if phase < _SYSTOLE else (_RELAXED - phase) / (_RELAXED - _SYSTOLE)
        return math.sin(math.pi / 2 * share) ** 2
