"""Frames of two megabytes at 15 Hz arrive, all of them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.ros, pytest.mark.timeout(90)]
BENCHMARK = Path(__file__).resolve().parents[2] / "benchmarks" / "ros_transport.py"


def test_no_frame_of_1024_at_15_hz_is_lost():
    command = [sys.executable, str(BENCHMARK), "--size", "1024", "--rate", "15", "--seconds", "4"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=80)
    result = json.loads(done.stdout)
    assert result["sent"] == result["received"] == result["different"] == 60
    assert done.returncode == 0
