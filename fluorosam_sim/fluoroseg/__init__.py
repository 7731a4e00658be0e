"""FluoroSeg: a dataset of radiographs with every structure's mask, without limit and the same for everybody."""

from fluorosam_sim.fluoroseg.config import DatasetConfig, DatasetError, parse_patients
from fluorosam_sim.fluoroseg.reader import Reader
from fluorosam_sim.fluoroseg.record import Item
from fluorosam_sim.fluoroseg.sampler import Sample, Sampler

__all__ = ["DatasetConfig", "DatasetError", "Item", "Reader", "Sample", "Sampler", "parse_patients"]
