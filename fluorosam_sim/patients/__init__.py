"""Digital patients and where they come from."""

from fluorosam_sim.patients.library import load_patient
from fluorosam_sim.patients.patient import Patient, PatientError

__all__ = ["Patient", "PatientError", "load_patient"]
