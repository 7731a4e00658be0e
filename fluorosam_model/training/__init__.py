"""Training: views rendered on the fly, dense pre-training, then prompts. Needs torch."""

from fluorosam_model.training.config import ConfigError, TrainingConfig, load_config
from fluorosam_model.training.run import train

__all__ = ["ConfigError", "TrainingConfig", "load_config", "train"]
