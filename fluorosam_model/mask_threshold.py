"""Where to cut a mask's logits."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_NEVER = -4.0


def best_dice_logit(logits: npt.NDArray[np.float32]) -> float:
    """The threshold whose mask has the highest expected Dice score, for logits of any shape that say how likely each
    cell belongs to the structure.

    Zero is right where the model is sure. Where it is not (one rib among its neighbours), every cell may be less likely
    than not, and a mask cut at zero would be empty although the best answer is the likeliest place. With cells sorted
    by probability p, the expected Dice of the first k is taken as 2 Σ_{i≤k} p_i / (k + Σ p), as in Lipton et al.,
    "Optimal thresholding of classifiers to maximize F1 measure" (2014). Cells of less than two per cent never count:
    where there are no others the mask is empty.
    """
    ordered = np.sort(np.asarray(logits, np.float64).ravel())[::-1]
    # Below −60 a probability is nothing, and its exponential need not overflow.
    gained = np.cumsum(1 / (1 + np.exp(-np.maximum(ordered, -60))))
    count = np.arange(1, len(ordered) + 1)
    last = int(np.argmax(2 * gained / (count + gained[-1])))
    cut = float(ordered[last : last + 2].mean()) if last + 1 < len(ordered) else float(ordered[-1]) - 1e-6
    return max(cut, _NEVER)
