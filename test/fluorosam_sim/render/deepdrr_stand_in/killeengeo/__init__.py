"""Stands in for the package of that name in tests: points and vectors as plain homogeneous arrays."""

import numpy as np


def point(x: float, y: float, z: float) -> np.ndarray:
    return np.array([x, y, z, 1.0])


def vector(x: float, y: float, z: float) -> np.ndarray:
    return np.array([x, y, z, 0.0])
