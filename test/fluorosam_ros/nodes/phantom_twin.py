"""The twin node around a made-up patient: two bone balls in a body of foam, so that a graph starts within seconds."""

from dataclasses import replace

import numpy as np
from conftest import make_phantom  # test/conftest.py: the tests put that folder on the path of this process

from fluorosam_ros.nodes.base import run_node
from fluorosam_ros.nodes.twin import TwinNode
from fluorosam_sim.patients import Patient


class PhantomTwin(TwinNode):
    def load_patient(self) -> Patient:
        patient = make_phantom()
        return replace(patient, hu=np.where(patient.hu == 0, -900, patient.hu).astype(np.int16))


if __name__ == "__main__":
    run_node(PhantomTwin)
