"""Landmarks of any labelled patient: centres, axes and ends of structures, and sites with anatomical axes."""

from fluorosam_sim.patients.landmarks.body import Landmarks, Shape, landmarks
from fluorosam_sim.patients.landmarks.shape import Frame
from fluorosam_sim.patients.landmarks.sites import SITES
from fluorosam_sim.patients.landmarks.voxels import LandmarkError

__all__ = ["SITES", "Frame", "LandmarkError", "Landmarks", "Shape", "landmarks"]
