"""The real recognisers, on a few utterances: the benchmark measures them on many."""

import numpy as np
import pytest

from fluorosam_ros.control.command_types import acts
from fluorosam_ros.control.commands import parse
from fluorosam_ros.speech.audio import RATE_HZ
from fluorosam_ros.speech.listener import Listener
from fluorosam_ros.speech.recogniser import RecogniserError
from fluorosam_ros.speech.sphinx import SphinxRecogniser
from fluorosam_ros.speech.synthetic_voices import VOICES, speak
from fluorosam_ros.speech.whisper import WhisperRecogniser


@pytest.fixture(scope="module")
def listener():
    return Listener(WhisperRecogniser(threads=1), SphinxRecogniser())


def test_other_weights_are_refused(tmp_path):
    with pytest.raises(RecogniserError, match="cannot be read"):
        WhisperRecogniser(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(RecogniserError, match="hash differs"):
        WhisperRecogniser(tmp_path)


@pytest.mark.parametrize("text", ["center on the left lung", "tilt 10 degrees cranial"])
def test_a_motion_passes_when_both_hear_it(listener, text):
    hearing = listener.hear(speak(text, VOICES[3]), 0.0)
    assert hearing.decision.kind == "pass" and parse(hearing.decision.text) == parse(text), hearing


def test_stop_is_heard(listener):
    assert listener.hear(speak("stop", VOICES[3]), 0.0).decision.text == "stop"


def test_silence_noise_and_talk_move_nothing(listener):
    rng = np.random.default_rng(0)
    sounds = [
        np.zeros(0, np.float32),
        np.zeros(RATE_HZ // 20, np.float32),
        np.zeros(RATE_HZ, np.float32),
        rng.normal(0, 0.1, RATE_HZ).astype(np.float32),
        np.ones(RATE_HZ, np.float32),
        speak("could you hand me the scissors please", VOICES[3]),
    ]
    for sound in sounds:
        decision = listener.hear(sound, 0.0).decision
        assert decision.kind != "pass" or not acts(parse(decision.text)), decision
