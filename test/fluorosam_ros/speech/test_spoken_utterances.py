"""Utterances found by their energy, or by the key."""

import numpy as np
import pytest

from fluorosam_ros.speech.audio import RATE_HZ
from fluorosam_ros.speech.utterances import EndpointConfig, UtteranceFinder

RNG = np.random.default_rng(0)


def noise(seconds, level):
    return (RNG.standard_normal(round(seconds * RATE_HZ)) * level).astype(np.float32)


def fed(finder, samples, piece=1234):
    return [u for at in range(0, samples.size, piece) for u in finder.feed(samples[at : at + piece])]


@pytest.mark.parametrize("room", [0.0, 0.003, 0.03])
def test_two_bursts_are_two_utterances_with_a_little_before_and_after(room):
    speech = noise(1.0, 0.2)
    silence = [np.zeros(round(s * RATE_HZ), np.float32) for s in (2.0, 1.5, 1.5)]
    sound = np.concatenate([silence[0], speech, silence[1], speech, silence[2]])
    found = fed(UtteranceFinder(), sound + noise(sound.size / RATE_HZ, room))
    assert len(found) == 2
    for utterance in found:
        assert 1.5 < utterance.size / RATE_HZ < 2.2


def test_ten_minutes_of_noise_and_silence_are_no_utterance():
    for level in (0.0, 0.001, 0.1):
        finder = UtteranceFinder()
        minute = noise(60.0, level)
        assert sum(len(fed(finder, minute, RATE_HZ)) for _ in range(10)) <= 1


def test_endless_speech_is_cut():
    finder = UtteranceFinder(EndpointConfig(max_s=2.0))
    sound = np.concatenate([noise(2, 0.001), *[x for _ in range(20) for x in (noise(0.3, 0.2), noise(0.2, 0.001))]])
    found = fed(finder, sound)
    assert len(found) >= 4 and all(u.size <= 2.0 * RATE_HZ for u in found)


def test_a_click_is_none():
    assert fed(UtteranceFinder(), np.concatenate([noise(2, 0.001), noise(0.08, 0.5), noise(2, 0.001)])) == []


def test_the_key_makes_one_utterance_of_everything():
    finder = UtteranceFinder()
    finder.press()
    assert fed(finder, np.concatenate([noise(0.5, 0.2), noise(1.0, 0.001), noise(0.5, 0.2)])) == []
    utterance = finder.release()
    assert utterance is not None and abs(utterance.size / RATE_HZ - 2.0) < 0.1
    assert finder.release() is None and not finder.talking


def test_a_key_held_down_too_long_is_cut_once():
    finder = UtteranceFinder(EndpointConfig(max_s=2.0))
    finder.press()
    assert len(fed(finder, noise(7.0, 0.2))) == 1
    assert finder.release() is None
    finder.press()
    fed(finder, noise(1.0, 0.2))
    assert finder.release() is not None
