"""A C-arm without ROS for the tests: balls in space, seen as discs; counts what is done to it."""

import numpy as np

from fluorosam_ros.control.operations import DeviceStatus, Found, View
from fluorosam_sim.carm import VENDORS, CArmPose

SIZE = (128, 128)
CENTERS_MM = {
    "heart": (20.0, 60.0, -40.0),
    "left lung": (60.0, 0.0, 20.0),
    "L4 vertebra": (0.0, 50.0, -30.0),
    "right hip bone": (-50.0, 10.0, 20.0),
    "left hip bone": (50.0, 10.0, 20.0),
}


class FakeDevice:
    """Implements Operations. balls: names of what is in the patient."""

    config = VENDORS["standard"]

    def __init__(self, pose=None, balls=("heart", "left lung")):
        self.balls = {name: CENTERS_MM[name] for name in balls}
        self.radius_px = 8
        self.pose, self.collimation = pose or CArmPose(), self.config.open_field
        self.armed, self.emergency_stop = True, False
        self.level = "normal"
        self.newest = None
        self.log = []
        self.shown = ()
        self.fail = {}

    def status(self):
        return DeviceStatus(self.pose, self.collimation, self.armed, self.emergency_stop)

    def view(self):
        return self.newest

    def _do(self, what):
        if what in self.fail:
            raise self.fail[what]
        self.log.append(what)

    def shoot(self):
        self._do("shoot")
        self.newest = View(len(self.log), self.pose, self.collimation, SIZE)
        return self.newest

    def segment(self, prompts, view):
        return [self.found(prompt, view) for prompt in prompts]

    def found(self, prompt, view):
        nothing = Found(prompt, False, 0.05, None, None)
        if prompt not in self.balls:
            return nothing
        ((x, y),) = self.config.projection(view.pose, SIZE).project([self.balls[prompt]])
        rows, columns = np.mgrid[: SIZE[1], : SIZE[0]]
        mask = np.hypot(columns - x, rows - y) <= self.radius_px
        x0, y0, x1, y1 = self.config.open_pixels(view.collimation, SIZE)
        lit = np.zeros_like(mask)
        lit[y0:y1, x0:x1] = True
        mask &= lit
        return Found(prompt, True, 0.9, (float(x), float(y)), mask) if mask.any() else nothing

    def show(self, prompts):
        self.shown = tuple(prompts)

    def move(self, pose):
        self._do("move")
        self.config.check_pose(pose)
        self.pose = pose
        return pose

    def collimate(self, collimation):
        self._do("collimate")
        self.config.check_collimation(collimation)
        self.collimation = collimation
        return collimation

    def interlock(self, request):
        self._do(request)
        self.armed, self.emergency_stop = request == "arm", request == "stop"
        return True, f"{request} granted."

    def fluoro(self, on):
        self._do(f"fluoro {'on' if on else 'off'}")
        return f"Fluoroscopy is {'on' if on else 'off'}."

    def dose_level(self):
        return self.level

    def set_dose_level(self, level):
        self._do("dose")
        self.level = level

    def off_mm(self, ball):
        """Distance of a ball from the middle of the image, mm in the isocentre's plane."""
        ((x, y),) = self.config.projection(self.pose, SIZE).project([self.balls[ball]])
        pitch = self.config.detector_mm[0] / SIZE[0] / self.config.magnification
        return float(np.hypot(x - 63.5, y - 63.5)) * pitch


def outcome_of(device, *texts):
    """The outcome of the last of some prompts, said to one guide."""
    from fluorosam_ros.control.sequences import Guide

    guide = Guide(device)
    return [guide.carry_out(guide.understand(text)) for text in texts][-1]
