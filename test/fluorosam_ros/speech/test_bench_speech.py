"""The benchmark counts what it says it counts."""

import json

import pytest

from fluorosam_ros.speech import bench
from fluorosam_ros.speech.bench import CONDITIONS, bench_speech
from fluorosam_ros.speech.recogniser import Heard
from fluorosam_ros.speech.synthetic_voices import VOICES


class Told:
    """Hears what it is told to, whatever the sound."""

    def __init__(self, name, monkeypatch, answers):
        self.name, self.answers, self.now, self.calls = name, answers, "", 0
        speak = bench.speak

        def listen(text, voice):
            self.now = text
            return speak(text, voice)

        monkeypatch.setattr(bench, "speak", listen)

    def hear(self, samples):
        assert samples.size > 1600
        self.calls += 1
        return Heard(self.answers.get(self.now, self.now), 0.9)


def run(monkeypatch, general, checking, commands, log=None):
    pair = Told("whisper", monkeypatch, general), Told("sphinx", monkeypatch, checking)
    return bench_speech(commands, log, lambda: pair), pair


def test_outcomes_are_told_apart(monkeypatch, tmp_path):
    commands = ["take a shot", "zoom in", "left lung", "heart", "arm"]
    general = {"zoom in": "zoom out", "left lung": "right lung", "arm": "mumble"}
    checking = {"take a shot": "left lung", "zoom in": "zoom out", "heart": "stop"}
    log = tmp_path / "heard.jsonl"
    result, _ = run(monkeypatch, general, checking, commands, log)
    assert [row["condition"] for row in result["rows"]] == list(CONDITIONS)
    for row in result["rows"]:
        assert row["spoken"] == 5 * len(VOICES) and row["wrong_motions"] == row["wrong_other"] == len(VOICES)
        assert row["confirmed"] == 0.2 and row["at_once"] == 0.0 and row["false_stops"] == len(VOICES)
    assert {m["command"] for m in result["misses"]} == {"zoom in", "left lung", "heart", "arm"}

    lines = log.read_text().splitlines()
    assert {json.loads(line)["recogniser"] for line in lines} == {"whisper", "sphinx"}
    again, pair = run(monkeypatch, {}, {}, commands, log)
    assert again == result and pair[0].calls == pair[1].calls == 0


def test_a_log_that_is_none_is_refused(tmp_path):
    (tmp_path / "log").write_text('{"a": 1}\n')
    with pytest.raises(ValueError, match="Line 1 of"):
        bench_speech(["arm"], tmp_path / "log")
