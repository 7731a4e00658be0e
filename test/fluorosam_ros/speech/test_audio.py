"""Sound that is none is refused in one sentence."""

import wave

import numpy as np
import pytest

from fluorosam_ros.speech.audio import RATE_HZ, AudioError, checked, from_int16, read_wav, to_int16, write_wav
from fluorosam_ros.speech.sources import DeviceSource, WavSource


def wav(path, channels=1, rate=RATE_HZ, width=2, data=b"\0" * 3200):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(data)
    return path


def test_a_wav_comes_back_as_written(tmp_path):
    samples = np.linspace(-1, 0.99, 1000).astype(np.float32)
    write_wav(tmp_path / "a.wav", samples)
    assert np.abs(read_wav(tmp_path / "a.wav") - samples).max() < 1 / 32000
    assert np.array_equal(to_int16(from_int16(to_int16(samples))), to_int16(samples))


def test_what_is_no_16_khz_mono_wav_is_refused(tmp_path):
    text = tmp_path / "text.wav"
    text.write_text("hello")
    empty = tmp_path / "empty.wav"
    empty.write_bytes(b"")
    cases = {
        "no WAV file": text, "ends too early": empty, "cannot be read": tmp_path / "none.wav",
        "must be mono": wav(tmp_path / "s.wav", channels=2), "must have 16000": wav(tmp_path / "r.wav", rate=44100),
        "must have 16\\.": wav(tmp_path / "b.wav", width=1),
    }  # fmt: skip
    for message, path in cases.items():
        with pytest.raises(AudioError, match=message):
            read_wav(path)


def test_samples_that_are_none_are_refused():
    for wrong in (np.zeros((2, 5)), np.array([0.0, np.nan]), np.array([np.inf]), np.array([1, 2]), np.array(["a"])):
        with pytest.raises(AudioError):
            checked(wrong)
    with pytest.raises(AudioError):
        from_int16(np.zeros(5))


def test_a_wav_source_ends(tmp_path):
    source = WavSource(wav(tmp_path / "a.wav"))
    assert source.read(0.06).size == 960 and not source.ended
    assert source.read(0.06).size == 640 and source.ended and source.read(1.0).size == 0


def test_a_machine_without_that_sound_device_says_so():
    with pytest.raises(AudioError, match=r"cannot be opened|No sound device"):
        DeviceSource("a device that nobody has")
