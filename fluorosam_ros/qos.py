"""Quality of service of every topic, by what is lost when a message is.

A lost frame costs the patient dose: frames are reliable, with room for a burst. States count only while they are new:
subscribers keep one. What a late joiner must still see is latched.
"""

from __future__ import annotations

from rclpy.duration import Duration
from rclpy.qos import DurabilityPolicy, HistoryPolicy, LivelinessPolicy, QoSProfile, ReliabilityPolicy

ALIVE_S = 0.15  # a process that is gone for so long is reported as dead by DDS itself, however busy Python is


def _reliable(depth: int, latched: bool = False) -> QoSProfile:
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=depth,
        reliability=ReliabilityPolicy.RELIABLE,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE,
    )


FRAMES = _reliable(32)  # two seconds at 15 Hz: publishers of images, and subscribers that must see every one
NEWEST_FRAME = _reliable(1)  # subscribers that want the newest image and drop the others
STATE = _reliable(8)  # periodic states; the writer keeps a few, so that the state of a shot is not overwritten
NEWEST_STATE = _reliable(1)  # subscribers for whom only the newest state counts
EVENTS = _reliable(50)  # prompts, replies: each counts
LATCHED = _reliable(1, latched=True)  # descriptions, active prompts: late joiners get the last one


def _beating(lease_s: float) -> QoSProfile:
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=1,
        reliability=ReliabilityPolicy.RELIABLE,
        liveliness=LivelinessPolicy.AUTOMATIC,
        liveliness_lease_duration=Duration(seconds=lease_s),
    )


HEARTBEAT = _beating(ALIVE_S / 3)  # DDS asserts it at two thirds of that: several assertions may come late
WATCHED_HEARTBEAT = _beating(ALIVE_S)
