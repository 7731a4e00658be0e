"""What RViz shows besides the C-arm's body: beam, collimated field, axis and the patient's box."""

from __future__ import annotations

from builtin_interfaces.msg import Duration, Time
from geometry_msgs.msg import Point, Vector3
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker, MarkerArray

from fluorosam_ros.convert import DETECTOR_OPTICAL, PATIENT, point_from_mm
from fluorosam_sim.carm import CArmConfig, Collimation
from fluorosam_sim.geometry import FloatArray


def scene(
    config: CArmConfig, collimation: Collimation, bounds_mm: FloatArray, beam_on: bool, stamp: Time
) -> MarkerArray:
    """Markers in the frames of the beam and the patient, so that only a change of the collimator makes them stale.

    bounds_mm: (2, 3) lowest and highest coordinate of the patient in its frame.
    """
    source, field = Point(), _corners(config, collimation)
    edges = [p for corner in field for p in (source, corner)]
    outline = [*field, field[0]]
    beam = (1.0, 0.85, 0.2, 0.9) if beam_on else (1.0, 0.85, 0.2, 0.35)
    axis = _marker(0, "axis", Marker.ARROW, (0.3, 0.6, 1.0, 0.8), stamp)
    axis.points = [source, Point(z=config.sdd_mm / 1000.0)]
    axis.scale = Vector3(x=0.008, y=0.02, z=0.04)
    frustum = _marker(1, "beam", Marker.LINE_LIST, beam, stamp)
    frustum.points, frustum.scale = edges, Vector3(x=0.003)
    window = _marker(2, "field", Marker.LINE_STRIP, (1.0, 0.5, 0.0, 1.0), stamp)
    window.points, window.scale = outline, Vector3(x=0.006)
    patient = _marker(3, "patient", Marker.CUBE, (0.85, 0.7, 0.6, 0.25), stamp, PATIENT)
    middle, size = bounds_mm.mean(axis=0), bounds_mm[1] - bounds_mm[0]
    patient.pose.position = point_from_mm(middle)
    patient.scale = Vector3(**dict(zip("xyz", (float(v) / 1000.0 for v in size), strict=True)))
    return MarkerArray(markers=[axis, frustum, window, patient])


def _corners(config: CArmConfig, c: Collimation) -> list[Point]:
    """Corners of the field on the detector plane in `carm/detector_optical`, whose x runs to the left as displayed."""
    sides = ((c.left_mm, c.top_mm), (c.right_mm, c.top_mm), (c.right_mm, c.bottom_mm), (c.left_mm, c.bottom_mm))
    return [point_from_mm((-right, down, config.sdd_mm)) for right, down in sides]


def _marker(
    number: int,
    name: str,
    kind: int,
    rgba: tuple[float, float, float, float],
    stamp: Time,
    frame: str = DETECTOR_OPTICAL,
) -> Marker:
    red, green, blue, alpha = rgba
    marker = Marker(header=Header(stamp=stamp, frame_id=frame), ns=name, id=number, type=kind, action=Marker.ADD)
    marker.color = ColorRGBA(r=red, g=green, b=blue, a=alpha)
    marker.pose.orientation.w = 1.0
    marker.frame_locked = True
    marker.lifetime = Duration()
    return marker
