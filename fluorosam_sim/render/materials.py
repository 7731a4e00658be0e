"""Hounsfield units to mass density, and the share of a voxel's mass that is bone mineral."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

# Mass density in g/cm³ at knots of the CT number, after Schneider, Pedroni & Lomax, Phys. Med. Biol. 41 (1996) 111
# and Schneider, Bortfeld & Schlegel, Phys. Med. Biol. 45 (2000) 459 (air, lung, adipose, muscle, bone).
_HU_KNOTS = np.array([-1000.0, -950.0, -98.0, 14.0, 100.0, 1524.0, 3071.0])
_DENSITY_KNOTS = np.array([0.0, 0.045, 0.93, 1.03, 1.07, 1.92, 2.80])

# Between these densities a voxel is taken as a mixture of soft tissue and cortical bone.
BONE_FROM_GCM3 = 1.07
BONE_FULL_GCM3 = 1.85


_LOW_HU, _HIGH_HU = -1024, 3071


def density_table() -> npt.NDArray[np.float32]:
    """(4096,) mass density in g/cm³ of the CT numbers -1024 to 3071; air and everything below is exactly zero."""
    table = np.interp(np.arange(_LOW_HU, _HIGH_HU + 1), _HU_KNOTS, _DENSITY_KNOTS).astype(np.float32)
    table[: -1000 - _LOW_HU + 1] = 0.0
    return table


def density_gcm3(hu: npt.NDArray[np.integer]) -> npt.NDArray[np.float32]:
    """Mass density of CT numbers of any shape."""
    return density_table()[np.clip(hu, _LOW_HU, _HIGH_HU).astype(np.int32) - _LOW_HU]
