"""Whole adult bodies from statistics: same seed, same patient."""

from fluorosam_sim.patients.synthetic.build import build_patient
from fluorosam_sim.patients.synthetic.traits import Traits, sample_traits

__all__ = ["Traits", "build_patient", "sample_traits"]
