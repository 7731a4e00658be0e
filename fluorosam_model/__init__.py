"""Language-promptable segmentation of X-ray images: networks, training, export, and a runtime without torch."""
