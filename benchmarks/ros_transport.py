"""Do frames arrive, and how fast? Two processes, the product's own conversion and quality of service.

    python benchmarks/ros_transport.py --size 1024 --rate 15 --seconds 60

prints one line of JSON: frames sent and received, median and 95th percentile latency, from the pixels in one process to
the pixels in the other. The exit status is 1 when a frame was lost.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from statistics import median, quantiles

import numpy as np
import rclpy
from builtin_interfaces.msg import Time
from rclpy.executors import SingleThreadedExecutor
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from fluorosam_ros.convert import array_to_image, image_to_array, stamp_ns
from fluorosam_ros.environment import prepare
from fluorosam_ros.qos import FRAMES

TOPIC = "benchmark/image_raw"
START_TIMEOUT_S = 20.0
TAIL_S = 2.0


def publish(size: int, rate_hz: float, seconds: float) -> None:
    """The sending process; prints how many frames it sent."""
    rclpy.init()
    node = rclpy.create_node("ros_transport_publisher")
    publisher = node.create_publisher(Image, TOPIC, FRAMES)
    end = time.monotonic() + START_TIMEOUT_S
    while publisher.get_subscription_count() == 0 and time.monotonic() < end:
        time.sleep(0.02)
    time.sleep(0.5)  # the other side has to have matched, too
    pixels = np.random.default_rng(0).integers(0, 65535, (size, size), np.uint16)
    count = max(1, round(rate_hz * seconds))
    start = time.monotonic()
    for number in range(count):
        time.sleep(max(0.0, start + number / rate_hz - time.monotonic()))
        pixels[0, 0] = number % 65536  # frames differ, so that none can stand in for another
        sec, nanosec = divmod(time.monotonic_ns(), 1_000_000_000)
        publisher.publish(array_to_image(pixels, Header(stamp=Time(sec=sec, nanosec=nanosec), frame_id="benchmark")))
    print(count, flush=True)
    time.sleep(TAIL_S)  # keeps the last frames available until they were read
    node.destroy_node()
    rclpy.shutdown()


def measure(size: int, rate_hz: float, seconds: float) -> dict[str, float | int]:
    """Receives in this process what another one sends."""
    rclpy.init()
    node = rclpy.create_node("ros_transport_subscriber")
    latencies_ms: list[float] = []
    numbers: set[int] = set()

    def receive(image: Image) -> None:
        pixels = image_to_array(image)
        # Both processes read the same monotonic clock.
        latencies_ms.append((time.monotonic_ns() - stamp_ns(image.header.stamp)) / 1e6)
        numbers.add(int(pixels[0, 0]))

    node.create_subscription(Image, TOPIC, receive, FRAMES)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    command = [sys.executable, __file__, "--publish", f"--size={size}", f"--rate={rate_hz}", f"--seconds={seconds}"]
    sender = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    end = time.monotonic() + seconds + START_TIMEOUT_S + TAIL_S
    while sender.poll() is None and time.monotonic() < end:
        executor.spin_once(timeout_sec=0.2)
    sender.kill()
    sent = int(sender.communicate()[0] or 0)
    node.destroy_node()
    rclpy.shutdown()
    result: dict[str, float | int] = {"size": size, "rate_hz": rate_hz, "seconds": seconds, "sent": sent}
    result |= {"received": len(latencies_ms), "different": len(numbers)}
    if len(latencies_ms) > 1:
        result |= {"median_ms": round(median(latencies_ms), 2), "p95_ms": round(quantiles(latencies_ms, n=20)[-1], 2)}
    return result


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=1024, help="pixels a side, 16 bits each")
    parser.add_argument("--rate", type=float, default=15.0, help="frames a second")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--publish", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    prepare()
    if options.publish:
        publish(options.size, options.rate, options.seconds)
        return 0
    result = measure(options.size, options.rate, options.seconds)
    print(json.dumps(result))
    return 0 if 0 < result["sent"] == result["received"] else 1


if __name__ == "__main__":
    sys.exit(main())
