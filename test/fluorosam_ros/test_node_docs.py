"""docs/nodes.md is what the code says."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed: pip install -e .[ros]")

ROOT = Path(__file__).resolve().parents[2]


def test_the_committed_page_is_up_to_date(tmp_path):
    """In a process of its own: the page's nodes need a ROS context for themselves."""
    page = tmp_path / "nodes.md"
    command = [sys.executable, "-m", "fluorosam_ros.node_docs", str(page)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    committed = (ROOT / "docs" / "nodes.md").read_text()
    assert page.read_text() == committed, "run: python -m fluorosam_ros.node_docs docs/nodes.md"
