"""The form of a model that runs, against the form that trains."""

from __future__ import annotations

import copy
from itertools import pairwise

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from fluorosam_model.modeling.fluorosam import FluoroSAM


def deployable(model: FluoroSAM) -> FluoroSAM:
    """A copy with batch normalisation folded into the convolutions and every weight rounded to half precision.

    It computes in float32: what is exported equals this copy to float32 accuracy, while the files are half as large.
    """
    result = copy.deepcopy(model).eval().requires_grad_(False)
    for module in result.modules():
        children = list(module.named_children())
        for (name, conv), (next_name, norm) in pairwise(children):
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                setattr(module, name, fuse_conv_bn_eval(conv, norm))
                setattr(module, next_name, nn.Identity())
    for tensor in [*result.parameters(), *result.buffers()]:
        if tensor.is_floating_point():
            tensor.copy_(tensor.half().float())
    return result
