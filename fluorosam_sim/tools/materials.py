"""What instruments and implants are made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Material:
    """A homogeneous material.

    density_gcm3: mass density. composition: (element symbol, mass fraction) of the main elements, adding up to 1.
    stands_for, share: for a renderer that carries only the materials of the beam's table (`render.beam`): the one whose
    attenuation runs most alike over the photon energies of a 90 kV beam behind 20 cm of water, and how many grams of it
    attenuate as one gram of this. Least squares of the logarithms; within 6 % for light metals, plastics, steel and
    silicone within 9 %, up to 48 % for the heaviest metals, whose edges lie in the middle of the beam.
    """

    key: str
    name: str
    density_gcm3: float
    composition: tuple[tuple[str, float], ...]
    stands_for: str
    share: float


def _material(
    key: str, name: str, density_gcm3: float, parts: dict[str, float], stands_for: str, share: float
) -> Material:
    whole = sum(parts.values())
    composition = tuple((symbol, round(amount / whole, 6)) for symbol, amount in parts.items())
    return Material(key, name, density_gcm3, composition, stands_for, share)


# Compositions are the middles of the ranges in the standards named; plastics follow from their repeating unit.
STEEL = _material("steel", "stainless steel 316L (ISO 5832-1)", 7.95,
                  {"Fe": 63.0, "Cr": 18.0, "Ni": 14.0, "Mo": 2.7, "Mn": 1.8, "Si": 0.5}, "stainless steel",
                  1.0)  # fmt: skip
TITANIUM = _material("titanium", "titanium alloy Ti6Al4V (ISO 5832-3)", 4.43,
                     {"Ti": 89.7, "Al": 6.1, "V": 4.0, "Fe": 0.2}, "titanium", 1.0)  # fmt: skip
COBALT = _material("cobalt", "cobalt chromium molybdenum (ISO 5832-12)", 8.3,
                   {"Co": 65.0, "Cr": 28.0, "Mo": 6.0, "Si": 0.5, "Mn": 0.5}, "cobalt chromium", 1.0)  # fmt: skip
NITINOL = _material("nitinol", "nitinol (ASTM F2063)", 6.45, {"Ni": 55.8, "Ti": 44.2}, "stainless steel", 0.926)
TANTALUM = _material("tantalum", "tantalum", 16.65, {"Ta": 1.0}, "soft tissue", 29.2)
TUNGSTEN = _material("tungsten", "tungsten", 19.25, {"W": 1.0}, "water", 25.96)
PLATINUM = _material("platinum", "platinum iridium", 21.5, {"Pt": 90.0, "Ir": 10.0}, "aluminium", 17.55)
GOLD = _material("gold", "gold", 19.3, {"Au": 1.0}, "cortical bone", 15.16)
LEAD = _material("lead", "lead", 11.34, {"Pb": 1.0}, "stainless steel", 3.909)
COPPER = _material("copper", "copper", 8.96, {"Cu": 1.0}, "copper", 1.0)
ALUMINIUM = _material("aluminium", "aluminium", 2.70, {"Al": 1.0}, "aluminium", 1.0)
ALUMINA = _material("alumina", "alumina ceramic (ISO 6474)", 3.98, {"Al": 52.9, "O": 47.1}, "aluminium", 0.858)
PEEK = _material("peek", "PEEK", 1.31, {"C": 79.2, "O": 16.6, "H": 4.2}, "soft tissue", 0.906)
CARBON = _material("carbon", "carbon fibre in epoxy", 1.58, {"C": 88.0, "O": 9.0, "H": 3.0}, "soft tissue", 0.891)
POLYETHYLENE = _material(
    "polyethylene", "UHMW polyethylene (ISO 5834-2)", 0.94, {"C": 85.6, "H": 14.4}, "soft tissue", 0.968
)
PMMA = _material("pmma", "PMMA", 1.19, {"C": 60.0, "O": 32.0, "H": 8.0}, "soft tissue", 0.946)
CEMENT = _material("cement", "bone cement with 10 % barium sulphate (ISO 5833)", 1.28,
                   {"C": 54.0, "O": 31.5, "H": 7.2, "Ba": 5.9, "S": 1.4}, "cortical bone", 2.096)  # fmt: skip
SILICONE = _material(
    "silicone", "silicone rubber", 1.15, {"Si": 37.9, "C": 32.4, "O": 21.6, "H": 8.1}, "aluminium", 0.893
)
OPAQUE_SILICONE = _material("opaque_silicone", "silicone with 15 % barium sulphate", 1.28,
                            {"Si": 32.2, "C": 27.5, "O": 22.5, "H": 6.9, "Ba": 8.8, "S": 2.1}, "caesium iodide",
                            0.126)  # fmt: skip
OPAQUE_POLYURETHANE = _material("opaque_polyurethane", "polyurethane with 20 % barium sulphate", 1.35,
                                {"C": 50.0, "O": 24.0, "H": 6.4, "N": 5.1, "Ba": 11.8, "S": 2.7}, "caesium iodide",
                                0.152)  # fmt: skip
PVC = _material("pvc", "plasticised PVC", 1.25, {"C": 52.0, "Cl": 34.0, "H": 7.5, "O": 6.5}, "aluminium", 1.002)
BARIUM_STRIPE = _material("barium_stripe", "plastic with 60 % barium sulphate", 2.2,
                          {"C": 30.0, "H": 4.0, "O": 22.5, "Ba": 35.3, "S": 8.2}, "caesium iodide", 0.396)  # fmt: skip
NYLON = _material("nylon", "polyamide", 1.13, {"C": 63.7, "N": 12.4, "O": 14.1, "H": 9.8}, "soft tissue", 0.949)
WATER = _material("water", "water", 1.0, {"O": 88.8, "H": 11.2}, "water", 1.0)
ELECTRONICS = _material("electronics", "circuit, battery and resin of a pulse generator", 2.6,
                        {"C": 38.0, "O": 22.0, "Li": 3.0, "Si": 8.0, "Cu": 12.0, "Mn": 10.0, "H": 4.0, "I": 3.0},
                        "titanium", 0.919)  # fmt: skip

MATERIALS: tuple[Material, ...] = (
    STEEL, TITANIUM, COBALT, NITINOL, TANTALUM, TUNGSTEN, PLATINUM, GOLD, LEAD, COPPER, ALUMINIUM, ALUMINA, PEEK,
        CARBON,
    POLYETHYLENE, PMMA, CEMENT, SILICONE, OPAQUE_SILICONE, OPAQUE_POLYURETHANE, PVC, BARIUM_STRIPE, NYLON, WATER,
    ELECTRONICS,
)  # fmt: skip
