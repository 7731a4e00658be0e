"""The microphone node: what is said becomes a prompt only under the rule of agreement, and bad sound ends nothing."""

import time
from dataclasses import replace

import numpy as np
import pytest
from conftest import Probe, _phantom_path
from phantom_microphone import SAID

from fluorosam_ros.speech.audio import RATE_HZ

pytestmark = [pytest.mark.ros, pytest.mark.timeout(180)]


def entries(module="phantom_microphone", **values):
    from fluorosam_ros import bringup

    table = bringup.table({"voice": True, **values})
    return [replace(entry, module=module) for entry in table if entry.name == "microphone"]


class Voice:
    """Says things to the node and hears its prompts."""

    def __init__(self, probe):
        from diagnostic_msgs.msg import DiagnosticStatus
        from std_msgs.msg import Bool, Int16MultiArray, String

        from fluorosam_ros import qos

        self.probe = probe
        self.audio = probe.node.create_publisher(Int16MultiArray, "/fluorosam/audio", qos.EVENTS)
        self.talk = probe.node.create_publisher(Bool, "/fluorosam/talk", qos.EVENTS)
        self.prompts = probe.listen(String, "/fluorosam/prompt", qos.EVENTS)
        self.heard = probe.listen(DiagnosticStatus, "/fluorosam/heard", qos.EVENTS)
        probe.until(lambda: probe.node.count_publishers("/fluorosam/heard") and self.listened, what="the microphone")

    @property
    def listened(self):
        return self.audio.get_subscription_count()

    def send(self, samples):
        from std_msgs.msg import Int16MultiArray

        for at in range(0, samples.size, 1600):
            self.audio.publish(Int16MultiArray(data=samples[at : at + 1600].astype(np.int16)))

    def say(self, general):
        """An utterance with silence around it; returns once it was heard."""
        seen = len(self.heard)
        level = [g for g, _ in SAID].index(general) / 10 * 32767
        tone = level * np.sin(np.arange(RATE_HZ // 2) * 0.3)
        silence = np.zeros(RATE_HZ)
        self.send(np.concatenate([silence, tone, silence]))
        return self.probe.until(lambda: self.heard[seen:], what=f"{general!r} to be heard")[0]

    def texts(self):
        return [prompt.data for prompt in self.prompts]


@pytest.fixture
def voice(request, monkeypatch):
    from fluorosam_ros import bringup

    _phantom_path(monkeypatch)
    values = {"audio_source": "topic", **getattr(request, "param", {})}
    with bringup.start(entries=entries(**values)) as graph:
        probe = Probe()
        yield Voice(probe)
        graph.check()
        probe.close()


def test_agreement_confirmation_and_stop(voice):
    voice.say("Left kidney.")
    voice.say("Rotate to LAO 30.")
    voice.probe.until(lambda: len(voice.prompts) == 2, what="two prompts")
    assert voice.texts() == ["Left kidney", "Rotate to LAO 30"]

    status = voice.say("Rotate to LAO 40.")
    values = {pair.key: pair.value for pair in status.values}
    assert values["decision"] == "ask" and values["checking"] == "rotate to rao forty"
    assert float(values["general_confidence"]) == pytest.approx(0.9)
    question = voice.probe.until(lambda: voice.probe.replies, what="the question")[-1]
    assert question.kind == question.QUESTION and "Say “confirm please” or “cancel”" in question.text
    assert len(voice.prompts) == 2
    voice.say("Confirm.")
    voice.probe.until(lambda: len(voice.prompts) == 3, what="the confirmed prompt")
    assert question.prompt == voice.texts()[-1]

    voice.say("Rotate to LAO 40.")
    voice.say("Cancel.")
    voice.say("Confirm.")
    for either in ("Hmm.", "Stop."):
        voice.say(either)
    voice.probe.until(lambda: len(voice.prompts) >= 5, what="two stops")
    assert voice.texts()[3:] == ["stop", "stop"]


def test_a_stop_overtakes_what_was_said_before_it(voice):
    """Two utterances at once: the motion is still being listened to when the checking recogniser hears the stop."""
    voice.say("Left kidney.")
    tones = [[g for g, _ in SAID].index(said) / 10 * 32767 for said in ("Slow. Zoom in.", "Hmm.")]
    wave = np.sin(np.arange(RATE_HZ // 2) * 0.3)
    silence = np.zeros(RATE_HZ)
    voice.send(np.concatenate([silence, tones[0] * wave, silence, tones[1] * wave, silence]))
    voice.probe.until(lambda: len(voice.heard) == 3, what="both to be heard")
    assert voice.texts() == ["Left kidney", "stop"]


def test_bad_sound_ends_nothing(voice):
    from std_msgs.msg import Int16MultiArray, MultiArrayDimension, MultiArrayLayout

    stereo = MultiArrayLayout(dim=[MultiArrayDimension(size=800), MultiArrayDimension(size=2)])
    voice.audio.publish(Int16MultiArray(layout=stereo, data=[0] * 1600))
    voice.audio.publish(Int16MultiArray(data=np.zeros(11 * RATE_HZ, np.int16)))
    voice.audio.publish(Int16MultiArray())
    rng = np.random.default_rng(0)
    for _ in range(60):  # a minute of noise, ten times as fast as it would come
        voice.send(rng.normal(0, 300, RATE_HZ))
    voice.say("Left kidney.")
    voice.probe.until(lambda: "Left kidney" in voice.texts(), what="the prompt")


@pytest.mark.parametrize("voice", [{"push_to_talk": True}], indirect=True)
def test_push_to_talk(voice):
    from std_msgs.msg import Bool

    def press(down):
        voice.talk.publish(Bool(data=down))
        time.sleep(0.3)

    tone = 0.1 * 32767 * np.sin(np.arange(RATE_HZ) * 0.3)
    voice.send(np.concatenate([np.zeros(RATE_HZ), tone, np.zeros(RATE_HZ)]))
    press(True)
    voice.send(tone)
    time.sleep(0.5)
    assert not voice.heard
    press(False)
    voice.probe.until(lambda: voice.texts() == ["Left kidney"], what="the prompt")
    assert len(voice.heard) == 1


def test_a_question_expires(monkeypatch):
    from fluorosam_ros import bringup

    _phantom_path(monkeypatch)
    (entry,) = entries(audio_source="topic")
    entry.parameters["confirm_within_s"] = 2.0
    with bringup.start(entries=[entry]):
        probe = Probe()
        try:
            voice = Voice(probe)
            voice.say("Rotate to LAO 40.")
            probe.until(lambda: any("Nobody confirmed" in r.text for r in probe.replies), what="expiry")
            voice.say("Confirm.")
            time.sleep(0.3)
            assert voice.texts() == []
        finally:
            probe.close()


@pytest.mark.parametrize(
    ("values", "reason"),
    [({"audio_source": "wav", "wav_file": "/no/such.wav"}, "cannot be read"),
     ({"audio_source": "wav", "wav_file": __file__}, "no WAV file"),
     ({"audio_source": "device"}, "No sound device|cannot be opened")],
)  # fmt: skip
def test_a_source_that_is_none_is_named(phantom_path, values, reason):
    from fluorosam_ros import bringup

    with pytest.raises(bringup.BringupError, match=rf"The node microphone ended with status 1: .*({reason})"):
        bringup.start(entries=entries(**values))


def test_spoken_words_come_out_as_prompts(tmp_path):
    """The real recognisers, a real voice and the real node, from a WAV file to the prompts."""
    from fluorosam_ros import bringup
    from fluorosam_ros.speech.audio import write_wav
    from fluorosam_ros.speech.synthetic_voices import VOICES, speak

    pause = np.zeros(RATE_HZ, np.float32)
    texts = ("left lung", "center on the heart", "stop")
    # Long pauses: a stop goes out before anything that is still being listened to.
    words = [part for text in texts for part in (pause, speak(text, VOICES[3]), *[pause] * 6)]
    write_wav(tmp_path / "said.wav", np.concatenate(words))
    probe = Probe()
    try:
        from std_msgs.msg import String

        from fluorosam_ros import qos

        prompts = probe.listen(String, "/fluorosam/prompt", qos.EVENTS)
        with bringup.start(entries=entries("", audio_source="wav", wav_file=str(tmp_path / "said.wav"))):
            probe.until(lambda: len(prompts) >= 3, 60.0, "three prompts")
        assert [p.data.lower() for p in prompts] == list(texts)
    finally:
        probe.close()
