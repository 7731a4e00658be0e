"""A patient that breathes and whose heart beats: when (cycles), where (fields), both together (body)."""

from fluorosam_sim.motion.body import BREATHING_MODES, BodyMotion, MotionError
from fluorosam_sim.motion.cycles import Breathing, Heartbeat

__all__ = ["BREATHING_MODES", "BodyMotion", "Breathing", "Heartbeat", "MotionError"]
