"""numpy and fluorosam_sim ↔ ROS messages: the one place where millimetres become metres and degrees radians.

Geometry on the ROS side: `carm/isocenter`, `carm/source` and `carm/detector_optical` share one orientation, that of
the beam: z from the source to the detector, y down and x = −right as displayed (right-handed, as seen from the
source). Images are published as displayed, from the detector's side, so CameraInfo has a negative fx: K·p maps points
of `carm/detector_optical` (placed at the source) to displayed pixels exactly.
"""

from __future__ import annotations

import array
import math
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Point, Quaternion, Transform, TransformStamped, Vector3
from scipy.spatial.transform import Rotation
from sensor_msgs.msg import CameraInfo, Image, RegionOfInterest
from std_msgs.msg import Header

from fluorosam_ros import msg as messages
from fluorosam_sim.carm import CArmConfig, CArmPose, Collimation
from fluorosam_sim.dose import DoseLedger
from fluorosam_sim.geometry import view_axes

if TYPE_CHECKING:  # its libraries are of no use to most nodes
    from fluorosam_model.predictor import Prediction

WORLD = "world"
ISOCENTER = "carm/isocenter"
SOURCE = "carm/source"
DETECTOR_OPTICAL = "carm/detector_optical"
DETECTOR = "carm/detector"
PATIENT = "patient"

_ENCODINGS: dict[str, tuple[str, int]] = {  # encoding → (numpy type, channels)
    "mono8": ("u1", 1),
    "8UC1": ("u1", 1),
    "mono16": ("u2", 1),
    "16UC1": ("u2", 1),
    "32FC1": ("f4", 1),
    "rgb8": ("u1", 3),
    "bgr8": ("u1", 3),
}
_MAX_SIDE_PX = 8192


class ImageError(ValueError):
    """An image message that is no image; the message says why, in one sentence."""


# --- images ---------------------------------------------------------------------------------------------------------


def image_to_array(image: Image) -> npt.NDArray[Any]:
    """(H, W) uint8, uint16 or float32, or (H, W, 3) uint8 in the order the encoding names, in native byte order.

    Takes mono8, mono16, 8UC1, 16UC1, 32FC1, rgb8 and bgr8, either byte order, padded rows. Raises ImageError for
    everything else: no pixels, an unknown encoding, data of the wrong length, values that are not finite.
    """
    if image.encoding not in _ENCODINGS:
        raise ImageError(f"The encoding {image.encoding[:40]!r} is not one of {', '.join(_ENCODINGS)}.")
    if image.width == 0 or image.height == 0:
        raise ImageError(f"The image has no pixels ({image.width} × {image.height}).")
    if max(image.width, image.height) > _MAX_SIDE_PX:
        raise ImageError(f"The image is {image.width} × {image.height}, more than {_MAX_SIDE_PX} a side.")
    code, channels = _ENCODINGS[image.encoding]
    dtype = np.dtype((">" if image.is_bigendian else "<") + code)
    row = image.width * channels * dtype.itemsize
    if image.step < row:
        raise ImageError(f"A row has {image.step} bytes but {image.width} pixels of {image.encoding} need {row}.")
    if len(image.data) != image.step * image.height:
        raise ImageError(f"The image has {len(image.data)} bytes but {image.height} rows of {image.step} bytes.")
    rows = np.frombuffer(image.data, np.uint8).reshape(image.height, image.step)[:, :row]
    values = np.ascontiguousarray(rows).view(dtype).reshape(image.height, image.width, channels)
    native = values.astype(dtype.newbyteorder("="), copy=False)
    if code == "f4" and not np.isfinite(native).all():
        raise ImageError("The image has values that are not finite numbers.")
    return native[:, :, 0] if channels == 1 else native


def image_to_gray(image: Image) -> npt.NDArray[Any]:
    """(H, W) uint8, uint16 or float32; colours become their Rec. 601 luma. Raises ImageError like image_to_array."""
    pixels = image_to_array(image)
    if pixels.ndim == 2:
        return pixels
    luma = np.array([0.299, 0.587, 0.114] if image.encoding == "rgb8" else [0.114, 0.587, 0.299])
    return np.asarray(np.round(pixels @ luma), np.uint8)


def array_to_image(pixels: npt.NDArray[Any], header: Header, encoding: str = "") -> Image:
    """Image message of (H, W) uint8, uint16, float32 or bool (as 0/255), or of (H, W, 3) uint8 (rgb8 unless named)."""
    if pixels.dtype == np.bool_:
        pixels = pixels.astype(np.uint8) * np.uint8(255)
    default = {("u1", 2): "mono8", ("u2", 2): "mono16", ("f4", 2): "32FC1", ("u1", 3): "rgb8"}
    name = encoding or default.get((pixels.dtype.str[1:], pixels.ndim), "")
    if name not in _ENCODINGS or _ENCODINGS[name][0] != pixels.dtype.str[1:] or pixels.size == 0:
        raise ImageError(
            f"An array of shape {pixels.shape} and type {pixels.dtype} cannot be sent as {name or 'an image'}."
        )
    if (pixels.shape[2] if pixels.ndim == 3 else 1) != _ENCODINGS[name][1]:
        raise ImageError(f"An array of shape {pixels.shape} cannot be sent as {name}.")
    contiguous = np.ascontiguousarray(pixels)
    image = Image(header=header, height=pixels.shape[0], width=pixels.shape[1], encoding=name)
    image.is_bigendian = int(sys.byteorder == "big" and contiguous.itemsize > 1)
    image.step = contiguous.nbytes // pixels.shape[0]
    image.data = array.array("B", contiguous.tobytes())  # bytes or a list would be checked byte by byte: 12 ms
    return image


# --- time and units -------------------------------------------------------------------------------------------------


def stamp_ns(stamp: Time) -> int:
    """A stamp as nanoseconds."""
    return int(stamp.sec) * 1_000_000_000 + int(stamp.nanosec)


def point_from_mm(position_mm: Sequence[float]) -> Point:
    """Millimetres (3,) → Point in metres."""
    x, y, z = (float(v) / 1000.0 for v in position_mm)
    return Point(x=x, y=y, z=z)


def mm_from_point(point: Point) -> tuple[float, float, float]:
    """Point in metres → millimetres (3,)."""
    return point.x * 1000.0, point.y * 1000.0, point.z * 1000.0


def pose_from_message(message: Any) -> CArmPose:
    """CArmPose of a CArmState or a MoveCArm goal (radians, metres)."""
    primary, secondary = math.degrees(message.primary_angle), math.degrees(message.secondary_angle)
    return CArmPose(primary, secondary, mm_from_point(message.isocenter))


def fill_pose(message: Any, pose: CArmPose) -> Any:
    """Writes a pose into a CArmState or a MoveCArm goal; returns the message."""
    message.primary_angle = math.radians(pose.primary_deg)
    message.secondary_angle = math.radians(pose.secondary_deg)
    message.isocenter = point_from_mm(pose.isocenter_mm)
    return message


def collimation_to_message(collimation: Collimation) -> messages.Collimation:
    """Millimetres on the detector → metres."""
    c = collimation
    return messages.Collimation(
        left=c.left_mm / 1000.0, top=c.top_mm / 1000.0, right=c.right_mm / 1000.0, bottom=c.bottom_mm / 1000.0
    )


def collimation_from_message(message: messages.Collimation) -> Collimation:
    """Metres on the detector → millimetres."""
    return Collimation(message.left * 1000.0, message.top * 1000.0, message.right * 1000.0, message.bottom * 1000.0)


def dose_to_message(ledger: DoseLedger, header: Header) -> messages.Dose:
    """What a case has cost so far, and its newest event."""
    shots, fluoro, event = ledger.shots, ledger.fluoroscopy, ledger.newest
    message = messages.Dose(header=header, case_uid=ledger.case_uid)
    message.dose_area_product = shots.dap_gym2 + fluoro.dap_gym2
    message.air_kerma = shots.kerma_gy + fluoro.kerma_gy
    message.fluoro_time, message.shots, message.pulses = fluoro.beam_s, shots.pulses, fluoro.pulses
    if event:
        message.event.kind, message.event.uid, message.event.command = event.kind.value, event.uid, event.command
        seconds = event.started.timestamp()
        message.event.started = Time(sec=math.floor(seconds), nanosec=event.started.microsecond * 1000)
        message.event.duration, message.event.pulses = event.duration_s, event.pulses
        message.event.dose_area_product, message.event.air_kerma = event.dap_gym2, event.kerma_gy
    return message


# --- camera and frames ----------------------------------------------------------------------------------------------


def camera_info(config: CArmConfig, collimation: Collimation, size_px: tuple[int, int], header: Header) -> CameraInfo:
    """The pinhole of a shot: negative fx (see the module's text), collimated field in `roi` (REP-104)."""
    width, height = size_px
    fx, fy = -config.sdd_mm * width / config.detector_mm[0], config.sdd_mm * height / config.detector_mm[1]
    cx, cy = (width - 1) / 2, (height - 1) / 2
    info = CameraInfo(header=header, width=width, height=height, distortion_model="plumb_bob", d=[0.0] * 5)
    info.k = [fx, 0.0, cx, 0.0, fy, cy, 0.0, 0.0, 1.0]
    info.r = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    info.p = [fx, 0.0, cx, 0.0, 0.0, fy, cy, 0.0, 0.0, 0.0, 1.0, 0.0]
    x0, y0, x1, y1 = config.open_pixels(collimation, (width, height))
    info.roi = RegionOfInterest(x_offset=x0, y_offset=y0, width=max(x1 - x0, 0), height=max(y1 - y0, 0))
    return info


def beam_rotation(pose: CArmPose) -> Rotation:
    """From the axes of the `carm/*` frames to world axes."""
    right, down, towards = view_axes(pose.primary_deg, pose.secondary_deg)
    return Rotation.from_matrix(np.column_stack([-right, down, towards]))


def transform(
    parent: str, child: str, stamp: Time, position_mm: Sequence[float], rotation: Rotation
) -> TransformStamped:
    """Where the child frame lies in the parent frame."""
    x, y, z, w = (float(v) for v in rotation.as_quat())
    at = point_from_mm(position_mm)
    return TransformStamped(
        header=Header(stamp=stamp, frame_id=parent),
        child_frame_id=child,
        transform=Transform(translation=Vector3(x=at.x, y=at.y, z=at.z), rotation=Quaternion(x=x, y=y, z=z, w=w)),
    )


def moving_transform(pose: CArmPose, stamp: Time) -> TransformStamped:
    """world → carm/isocenter: all that changes when the C-arm moves."""
    return transform(WORLD, ISOCENTER, stamp, pose.isocenter_mm, beam_rotation(pose))


def static_transforms(config: CArmConfig, stamp: Time) -> list[TransformStamped]:
    """The rigid C-arm, and the patient: the volume's centre is the world's origin."""
    none = Rotation.identity()
    return [
        transform(WORLD, PATIENT, stamp, (0.0, 0.0, 0.0), none),
        transform(ISOCENTER, SOURCE, stamp, (0.0, 0.0, -config.sod_mm), none),
        transform(ISOCENTER, DETECTOR_OPTICAL, stamp, (0.0, 0.0, -config.sod_mm), none),
        transform(ISOCENTER, DETECTOR, stamp, (0.0, 0.0, config.sdd_mm - config.sod_mm), none),
    ]


# --- segmentation ---------------------------------------------------------------------------------------------------


def mask_to_message(prediction: Prediction, header: Header) -> messages.StructureMask:
    """What was found for one prompt; an absent structure has no mask, and zeros for box and centroid."""
    message = messages.StructureMask(
        prompt=prediction.prompt, structures=list(prediction.structures), present=bool(prediction.present)
    )
    message.score = float(prediction.score)
    if prediction.present:
        if prediction.box is not None:
            message.box = np.asarray(prediction.box, np.float32)
        if prediction.centroid is not None:
            message.centroid = np.asarray(prediction.centroid, np.float32)
        message.mask = array_to_image(np.asarray(prediction.mask, bool), header)
    return message
