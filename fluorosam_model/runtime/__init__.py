"""Running trained models: one interface, one module per inference library."""

from fluorosam_model.runtime.backend import Backend, Decoded, Features, PromptBatch

__all__ = ["Backend", "Decoded", "Features", "PromptBatch"]
