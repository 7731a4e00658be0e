"""The microphone node with recognisers that know what was said by how loud it was; see test_microphone."""

from __future__ import annotations

import time

import numpy as np

from fluorosam_ros.nodes.base import run_node
from fluorosam_ros.nodes.microphone import MicrophoneNode
from fluorosam_ros.speech.recogniser import Heard

SAID = (  # loudness in tenths of full scale: what the general one hears, what the checking one hears
    ("", ""),
    ("Left kidney.", "left kidney"),
    ("Rotate to LAO 30.", "rotate to lao thirty"),
    ("Rotate to LAO 40.", "rotate to rao forty"),
    ("Confirm.", "confirm"),
    ("Hmm.", "stop"),
    ("Stop.", "left lung"),
    ("Cancel.", "cancel"),
    ("Slow. Zoom in.", "zoom in"),
)


class LoudnessRecogniser:
    def __init__(self, which, name):
        self.which, self.name = which, name

    def hear(self, samples):
        said = SAID[min(round(float(np.abs(samples).max()) * 10), len(SAID) - 1)]
        if said[self.which].startswith("Slow. "):
            time.sleep(2.0)
            return Heard(said[self.which].removeprefix("Slow. "), 0.9)
        return Heard(said[self.which], 0.9)


class PhantomMicrophone(MicrophoneNode):
    def load_recognisers(self):
        return LoudnessRecogniser(0, "general"), LoudnessRecogniser(1, "checking")


if __name__ == "__main__":
    run_node(PhantomMicrophone)
