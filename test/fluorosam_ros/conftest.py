"""ROS tests: a domain of their own for every run, strict message fields, a graph of real processes, a probe into it."""

from __future__ import annotations

import importlib.util
import os
import random
import time
from dataclasses import replace
from pathlib import Path

import pytest

HAVE_ROS = importlib.util.find_spec("rclpy") is not None
HERE = Path(__file__).resolve().parent

# Before anything imports a message: the check of field types is decided at import.
os.environ["ROS_PYTHON_CHECK_FIELDS"] = "1"
os.environ["ROS_DOMAIN_ID"] = str(random.SystemRandom().randint(1, 101))


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "ros: needs rclpy and the compiled interfaces")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "ros" in item.keywords and not HAVE_ROS:
            item.add_marker(pytest.mark.skip(reason="rclpy is not installed: pip install -e .[ros]"))


class Probe:
    """A node beside the graph under test: says prompts, calls, listens. Every wait has an end."""

    def __init__(self) -> None:
        from std_msgs.msg import String

        from fluorosam_ros import qos
        from fluorosam_ros.bystander import Bystander
        from fluorosam_ros.msg import CArmState, InterlockState, Reply

        self._bystander = Bystander("probe")
        self.context, self.node = self._bystander.context, self._bystander.node
        self._prompt = self.node.create_publisher(String, "/fluorosam/prompt", qos.EVENTS)
        self._clients: dict[str, object] = {}
        self.listen = self._bystander.listen
        self.replies = self.listen(Reply, "/fluorosam/reply", qos.EVENTS)
        self.states = self.listen(CArmState, "/carm/state", qos.STATE)
        self._permissions = self.listen(InterlockState, "/interlock/state", qos.STATE)
        self._bystander.begin()

    def close(self) -> None:
        self._bystander.close()

    def until(self, condition, seconds=20.0, what="the condition"):
        end = time.monotonic() + seconds
        while not (result := condition()):
            assert time.monotonic() < end, f"waited {seconds} s for {what}"
            time.sleep(0.01)
        return result

    def discovered(self) -> None:
        node = self.node
        self.until(
            lambda: (
                self.states
                and self._prompt.get_subscription_count()
                and node.count_publishers("/fluorosam/reply")
                and node.count_publishers("/fluorosam/segmentation")
            ),
            what="the graph",
        )
        # The other side has to have matched, too: only an answer tells.
        for _ in range(20):
            if self._answered("nothing that means anything", 1.0):
                return
        raise AssertionError("the graph does not answer")

    def _answered(self, text, seconds):
        try:
            self.ask(text, seconds)
        except AssertionError:
            return False
        return True

    def say(self, text: str) -> None:
        from std_msgs.msg import String

        self._prompt.publish(String(data=text))

    def ask(self, text: str, seconds: float = 30.0):
        """The final reply to a prompt."""
        seen = len(self.replies)
        self.say(text)
        shown = text if len(text) <= 500 else text[:500] + "…"
        final = self.until(
            lambda: [r for r in self.replies[seen:] if r.prompt == shown and r.kind != r.UNDERSTOOD],
            seconds,
            f"a reply to {text[:40]!r}",
        )
        return final[0]

    def call(self, kind, name, request=None, seconds: float = 20.0):
        client = self._clients.setdefault(name, self.node.create_client(kind, name))
        assert client.wait_for_service(timeout_sec=seconds), name
        future = client.call_async(request or kind.Request())
        self.until(future.done, seconds, name)
        return future.result()

    def act(self, kind, name, goal, feedback=None, cancel_after=None, seconds: float = 30.0):
        """(status, result) of an action."""
        from rclpy.action import ActionClient

        client = self._clients.setdefault(name, ActionClient(self.node, kind, name))
        assert client.wait_for_server(timeout_sec=seconds), name
        future = client.send_goal_async(goal, feedback_callback=feedback)
        self.until(future.done, seconds, name)
        handle = future.result()
        ended = handle.get_result_async()
        if cancel_after is not None:
            time.sleep(cancel_after)
            handle.cancel_goal_async()
        self.until(ended.done, seconds, name)
        return ended.result().status, ended.result().result

    def state(self):
        """A state that is newer than this call."""
        return self._newer(self.states, "carm/state")

    def _newer(self, messages, topic):
        seen = len(messages)
        self.until(lambda: len(messages) > seen, what=topic)
        return messages[-1]

    def arm(self) -> None:
        from std_srvs.srv import Trigger

        self.call(Trigger, "/interlock/reset")
        # Not at once after a node has come up: the interlock has to hear the C-arm first.
        self.until(lambda: self.call(Trigger, "/interlock/arm").success, what="the interlock to arm")
        self.until(lambda: self.state().armed, what="the C-arm to know that it is armed")
        # Nor can a shot be judged before it has heard what dose was given. A spent budget may stay spent.
        self.until(
            lambda: "does not report" not in self._newer(self._permissions, "interlock/state").exposure_reason,
            what="carm/dose to be heard",
        )


@pytest.fixture
def phantom_path(monkeypatch):
    """Lets child processes find the phantom's nodes and test/conftest.py."""
    _phantom_path(monkeypatch)


def _phantom_path(monkeypatch) -> None:
    paths = [str(HERE / "nodes"), str(HERE.parent), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))


def phantom_entries(audit_log: Path):
    """The product's table with the phantom's twin and segmenter in place of the real ones."""
    from fluorosam_ros import bringup

    modules = {"twin": "phantom_twin", "segmenter": "phantom_segmenter"}
    entries = bringup.table(
        {"image_size": 256, "audit_log": str(audit_log), "dose_folder": str(audit_log.parent / "dose")}
    )
    return [replace(entry, module=modules.get(entry.name, "")) for entry in entries]


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    """The whole graph on the phantom; the processes are gone afterwards."""
    from fluorosam_ros import bringup

    log = tmp_path_factory.mktemp("interlock") / "audit.jsonl"
    lines: list[str] = []
    with pytest.MonkeyPatch.context() as monkeypatch:
        _phantom_path(monkeypatch)
        with bringup.start(entries=phantom_entries(log), echo=lines.append) as running:
            running.audit_log, running.lines = log, lines
            yield running
            processes = running.processes
    for name, number in processes.items():
        with pytest.raises(ProcessLookupError):
            os.kill(number, 0)
            raise AssertionError(f"{name} is still there")


@pytest.fixture(scope="module")
def probe(graph):
    probe = Probe()
    probe.discovered()
    yield probe
    probe.close()
