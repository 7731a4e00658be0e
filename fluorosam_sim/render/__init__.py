"""Radiographs of labelled volumes: one protocol, several backends."""

from fluorosam_sim.render.cpu import CpuRenderer
from fluorosam_sim.render.renderer import Renderer, Rendering

__all__ = ["CpuRenderer", "Renderer", "Rendering"]
