"""Measuring how well a model segments."""

from fluorosam_model.evaluation.dataset import Dataset, DatasetError, FolderDataset, Sample
from fluorosam_model.evaluation.evaluator import MODES, Evaluation, MaskScore, evaluate
from fluorosam_model.evaluation.views import TwinViews

__all__ = [
    "MODES",
    "Dataset",
    "DatasetError",
    "Evaluation",
    "FolderDataset",
    "MaskScore",
    "Sample",
    "TwinViews",
    "evaluate",
]
