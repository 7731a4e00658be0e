"""What can be set on the twin's node."""

from __future__ import annotations

from fluorosam_ros.control.command_types import DOSE_LEVELS
from fluorosam_ros.nodes.base import NodeParameter
from fluorosam_sim.carm import VENDORS
from fluorosam_sim.motion import BREATHING_MODES

PARAMETERS = (
    NodeParameter("patient", "chest", "a packaged patient's name, or the path of a NIfTI CT", setup=True),
    NodeParameter("device", "standard", "geometry and limits", choices=tuple(VENDORS), setup=True),
    NodeParameter("image_size", 0, "pixels along each side of the image; 0: the device's own", 0, 2048, setup=True),
    NodeParameter("seed", 0, "of the detector's noise", 0, 2**31 - 1, setup=True),
    NodeParameter(
        "start_pose",
        [0.0, 0.0, 0.0, 0.0, 0.0],
        "primary and secondary angle (rad), isocentre x, y, z (m) at set-up",
        setup=True,
    ),
    NodeParameter(
        "dose_level",
        "normal",
        "dose of every pulse, and with it the quanta of its image: half, once or twice the device's own",
        choices=DOSE_LEVELS,
    ),
    NodeParameter(
        "breathing",
        "none",
        "free: chest and abdomen breathe and the heart beats; held: the breath is held from the next inspiration on; "
        "none: all lies still, as in the CT",
        choices=BREATHING_MODES,
    ),
    NodeParameter("breaths_per_minute", 15.0, "how often a breathing patient breathes", 4.0, 40.0, setup=True),
    NodeParameter("heart_rate", 70.0, "how often a minute its heart beats", 30.0, 200.0, setup=True),
    NodeParameter("pulse_ms", 10.0, "how long the beam is on for an image: motion blurs by it", 0.0, 100.0, setup=True),
    NodeParameter(
        "quality",
        "full",
        "preview: half the in-plane resolution of the CT, for two to three times the images",
        choices=("full", "preview"),
        setup=True,
    ),
    NodeParameter("dose_folder", "", "where dose reports of cases go; empty: the user's state folder", setup=True),
    NodeParameter(
        "fluoro_hz", 0.0, "live images a second while the beam is permitted; 0: single shots only", 0.0, 30.0
    ),
)
