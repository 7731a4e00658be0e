"""Digital patients and where they come from."""

from fluorosam_sim.patients.held_out import is_held_out_patient
from fluorosam_sim.patients.library import load_patient
from fluorosam_sim.patients.patient import Patient, PatientError

__all__ = ["Patient", "PatientError", "is_held_out_patient", "load_patient"]
