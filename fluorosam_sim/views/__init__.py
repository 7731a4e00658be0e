"""Where to look from: named standard views found on a patient's own anatomy, and random views."""

from fluorosam_sim.views.catalogue import LEFT_OUT, VIEWS, view
from fluorosam_sim.views.find import find_view
from fluorosam_sim.views.named import SERIES, NamedView, ViewError, ViewMatch
from fluorosam_sim.views.sampler import CELL_DEG, ViewSampler, is_held_out
from fluorosam_sim.views.solve import UNBOUNDED, ViewSolution, solve, tissue_mm
from fluorosam_sim.views.variation import SampledView, sample_view, vary

__all__ = [
    "CELL_DEG",
    "LEFT_OUT",
    "SERIES",
    "UNBOUNDED",
    "VIEWS",
    "NamedView",
    "SampledView",
    "ViewError",
    "ViewMatch",
    "ViewSampler",
    "ViewSolution",
    "find_view",
    "is_held_out",
    "sample_view",
    "solve",
    "tissue_mm",
    "vary",
    "view",
]
