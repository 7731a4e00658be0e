"""The networks: pure torch modules, no files, no training."""

from fluorosam_model.modeling.deployment import deployable
from fluorosam_model.modeling.fluorosam import TEXT_DIM, Decoded, FluoroSAM, ModelConfig

__all__ = ["TEXT_DIM", "Decoded", "FluoroSAM", "ModelConfig", "deployable"]
