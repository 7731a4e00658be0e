"""The microphone: listens to a sound device, a WAV file or audio on a topic, and says as prompts what was said.

Two recognisers hear every utterance. A command that moves or exposes goes to fluorosam/prompt when both understood the
same, or when the operator says "confirm" to the question on fluorosam/reply; "stop" from either goes at once.
fluorosam/heard tells what each heard. With push_to_talk only what is said while fluorosam/talk is true counts.
"""

from __future__ import annotations

import math
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus, KeyValue
from std_msgs.msg import Bool, Int16MultiArray, String

from fluorosam_ros.control.commands import parse
from fluorosam_ros.control.context import Context
from fluorosam_ros.msg import Reply
from fluorosam_ros.nodes.base import OK, WARN, ManagedNode, NodeParameter, SetupError, run_node
from fluorosam_ros.qos import EVENTS
from fluorosam_ros.speech.agreement import STOP, Decision, Dialogue
from fluorosam_ros.speech.audio import RATE_HZ, AudioError, Samples, from_int16
from fluorosam_ros.speech.listener import Hearing, Listener, stops
from fluorosam_ros.speech.recogniser import Heard, Recogniser, RecogniserError
from fluorosam_ros.speech.sources import DeviceSource, Source, WavSource
from fluorosam_ros.speech.utterances import EndpointConfig, UtteranceFinder

_READ_S = 0.1
_MAX_MESSAGE_S = 10.0
_MAX_WAITING = 3


class MicrophoneNode(ManagedNode):
    """ROS around speech.listener."""

    PARAMETERS = (
        NodeParameter(
            "audio_source", "device", "where sound comes from", choices=("device", "wav", "topic"), setup=True
        ),
        NodeParameter("sound_device", "", "a part of the sound device's name; empty: the default one", setup=True),
        NodeParameter("wav_file", "", "file to listen to once, 16-bit mono at 16 kHz", setup=True),
        NodeParameter("push_to_talk", False, "listen only while fluorosam/talk is true", setup=True),
        NodeParameter("confirm_within_s", 8.0, "how long a question waits for “confirm”", 2.0, 60.0, setup=True),
        NodeParameter("speech_margin_db", 6.0, "speech is so much louder than the room", 3.0, 30.0, setup=True),
        NodeParameter("threads", 2, "threads of the general recogniser", 1, 16, setup=True),
    )

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("microphone", **kwargs)
        self._prompt_pub = self.create_publisher(String, "fluorosam/prompt", EVENTS)
        self._reply_pub = self.create_publisher(Reply, "fluorosam/reply", EVENTS)
        self._heard_pub = self.create_publisher(DiagnosticStatus, "fluorosam/heard", EVENTS)
        self._recognisers: tuple[Recogniser, Recogniser] | None = None
        self._listener: Listener | None = None
        self._source: Source | None = None
        self._finder = UtteranceFinder()
        self._said_before = Context()
        self._own: deque[tuple[int, int, str]] = deque(maxlen=50)
        self._checker: ThreadPoolExecutor | None = None
        self._decider: ThreadPoolExecutor | None = None
        self._waiting = self._utterances = 0
        self._trouble = ""
        self._stopped_s = -math.inf

    def load_recognisers(self) -> tuple[Recogniser, Recogniser]:
        """The general and the checking recogniser; raises RecogniserError."""
        from fluorosam_ros.speech.sphinx import SphinxRecogniser
        from fluorosam_ros.speech.whisper import WhisperRecogniser

        return WhisperRecogniser(threads=self.value("threads")), SphinxRecogniser()

    def load(self) -> None:
        try:
            self._recognisers = self.load_recognisers()
        except RecogniserError as error:
            raise SetupError(str(error)) from error

    def unload(self) -> None:
        self._recognisers = None

    def start(self) -> None:
        assert self._recognisers
        self._source = self._open()
        self._listener = Listener(*self._recognisers, Dialogue(self.value("confirm_within_s")))
        self._finder = UtteranceFinder(EndpointConfig(margin_db=self.value("speech_margin_db")))
        self._said_before, self._trouble, self._waiting = Context(), "", 0
        self._checker = ThreadPoolExecutor(1, "checking")
        self._decider = ThreadPoolExecutor(1, "deciding")
        self.keep(self.create_subscription(Reply, "fluorosam/reply", self._on_reply, EVENTS))
        if self.value("push_to_talk"):
            self.keep(self.create_subscription(Bool, "fluorosam/talk", self._on_talk, EVENTS))
        if self._source is None:
            self.keep(self.create_subscription(Int16MultiArray, "fluorosam/audio", self._on_audio, EVENTS))
        else:
            self.keep(self.create_timer(_READ_S, self._read, clock=self.steady_clock))
        self.keep(self.create_timer(0.5, self._expire, clock=self.steady_clock))

    def stop(self) -> None:
        for pool in (self._checker, self._decider):  # in this order: the first hands on to the second
            if pool:
                pool.shutdown(wait=True)
        if self._source:
            self._source.close()
        self._source = self._listener = self._checker = self._decider = None

    def diagnose(self) -> tuple[bytes, str, dict[str, str]]:
        values = {"utterances": str(self._utterances), "waiting": str(self._waiting)}
        return (WARN, self._trouble, values) if self._trouble else (OK, "listening", values)

    # --- sound ------------------------------------------------------------------------------------------------------

    def _open(self) -> Source | None:
        try:
            match self.value("audio_source"):
                case "wav":
                    return WavSource(Path(self.value("wav_file")).expanduser())
                case "device":
                    return DeviceSource(self.value("sound_device"))
        except AudioError as error:
            raise SetupError(str(error)) from error
        return None

    def _read(self) -> None:
        if self._source is None:
            return
        try:
            self._feed(self._source.read(_READ_S))
        except AudioError as error:
            self._complain(str(error))
        if self._source.ended and not self._trouble:
            self._complain("The sound has ended.")
            self._take(self._finder.finish())

    def _on_audio(self, message: Int16MultiArray) -> None:
        channels = [dim.size for dim in message.layout.dim[1:]]
        try:
            if any(size != 1 for size in channels):
                raise AudioError(f"Audio must be mono, not {'x'.join(map(str, channels))} channels.")
            if len(message.data) > _MAX_MESSAGE_S * RATE_HZ:
                raise AudioError(f"One message must not hold more than {_MAX_MESSAGE_S:.0f} s of audio.")
            self._feed(from_int16(np.asarray(message.data, np.int16)))
        except AudioError as error:
            self._complain(str(error))

    def _on_talk(self, message: Bool) -> None:
        if message.data:
            self._finder.press()
        else:
            self._take(self._finder.release())

    def _feed(self, samples: Samples) -> None:
        if self.value("push_to_talk") and not self._finder.talking:
            return
        for utterance in self._finder.feed(samples):
            self._take(utterance)

    def _complain(self, text: str) -> None:
        if text != self._trouble:
            self.get_logger().warning(text)
        self._trouble = text

    def _take(self, utterance: Samples | None) -> None:
        """Queues an utterance for the recognisers."""
        if utterance is None or self._checker is None:
            return
        if self._waiting >= _MAX_WAITING:
            self._complain("Too much was said at once: an utterance was left out.")
            return
        self._waiting += 1
        self._utterances += 1
        self._checker.submit(self._check, utterance, self._now_s())

    # --- recognition, in the two worker threads ---------------------------------------------------------------------

    def _check(self, utterance: Samples, now_s: float) -> None:
        assert self._listener and self._decider
        try:
            heard = self._listener.check(utterance)
        except Exception as error:  # one utterance must not end the listening
            self.get_logger().error(f"{type(error).__name__}: {error}")
            heard = Heard("", 0.0)
        if stops(heard):
            self._stop_now(now_s)
        self._decider.submit(self._decide, utterance, heard, now_s)

    def _decide(self, utterance: Samples, checking: Heard, now_s: float) -> None:
        assert self._listener
        try:
            hearing = self._listener.decide(utterance, checking, now_s, self._said_before)
        except Exception as error:
            self.get_logger().error(f"{type(error).__name__}: {error}")
            return
        finally:
            self._waiting -= 1
        decision = hearing.decision
        self._report(hearing)
        if now_s <= self._stopped_s:  # said before the stop, or the stop itself, which has gone out already
            self._listener.dialogue.forget()
        elif decision == Decision("pass", STOP):
            self._stop_now(now_s)
        elif decision.kind == "pass":
            self._say(decision.text)
        elif decision.reason:
            kind = Reply.QUESTION if decision.kind == "ask" else Reply.REFUSED
            self._reply(decision.text or hearing.general.text, kind, decision.reason)

    def _stop_now(self, now_s: float) -> None:
        """Says "stop"; what was said before it and is still being listened to says nothing any more."""
        self._stopped_s = max(self._stopped_s, now_s)
        self._say(STOP)

    def _expire(self) -> None:
        if self._listener and self._decider and self._listener.dialogue.pending:
            self._decider.submit(self._expire_now, self._now_s())

    def _expire_now(self, now_s: float) -> None:
        text = self._listener.dialogue.expired(now_s) if self._listener else None
        if text:
            self._reply(text, Reply.REFUSED, f"Nobody confirmed “{text}”: nothing was done.")

    # --- words ------------------------------------------------------------------------------------------------------

    def _now_s(self) -> float:
        return float(self.steady_clock.now().nanoseconds) / 1e9

    def _say(self, text: str) -> None:
        self.get_logger().info(f"said {text!r}")
        self._prompt_pub.publish(String(data=text))

    def _reply(self, prompt: str, kind: int, text: str) -> None:
        reply = Reply(header=self.header(), prompt=prompt, kind=kind, text=text)
        self._own.append((reply.header.stamp.sec, reply.header.stamp.nanosec, text))
        self.get_logger().info(text)
        self._reply_pub.publish(reply)

    def _report(self, hearing: Hearing) -> None:
        decision = hearing.decision
        values = {
            "general": hearing.general.text,
            "general_confidence": f"{hearing.general.confidence:.3f}",
            "checking": hearing.checking.text,
            "decision": decision.kind,
            "seconds": f"{hearing.seconds:.3f}",
        }
        status = DiagnosticStatus(level=OK, name=f"{self.get_name()}: heard", message=decision.text or decision.reason)
        status.values = [KeyValue(key=key, value=value) for key, value in values.items()]
        self._heard_pub.publish(status)

    def _on_reply(self, reply: Reply) -> None:
        """Follows what "it" and "a bit more" mean, as the guidance answers each prompt, typed ones too."""
        if (reply.header.stamp.sec, reply.header.stamp.nanosec, reply.text) in self._own:
            return
        if reply.kind == Reply.UNDERSTOOD:
            return
        self._said_before = self._said_before.after(parse(reply.prompt, self._said_before))


def main(args: list[str] | None = None) -> None:
    """Console entry."""
    run_node(MicrophoneNode, args)


if __name__ == "__main__":
    main()
