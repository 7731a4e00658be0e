"""`preprocess.channels` for many pictures at once, on whatever device they are."""

from __future__ import annotations

import torch
from torch import Tensor

from fluorosam_model import preprocess


def channels(images: Tensor, kept: Tensor) -> Tensor:
    """(B, H, W) float32 pictures, kept (B, H, W) bool → (B, 3, H, W) float32 in −1…1.

    kept: the picture proper; the rest is a border, which has no say and gives zeros.
    """
    q = preprocess
    sample, there = images[:, ::2, ::2].flatten(1), kept[:, ::2, ::2].flatten(1)
    rough = _quantiles(sample, there, (q.QUANTILES[0], q.QUANTILES[-1]))
    margin = q.NO_VOTE * (rough[:, 1:] - rough[:, :1])
    inside = there & (sample > rough[:, :1] + margin) & (sample < rough[:, 1:] - margin)
    enough = inside.sum(1) >= (q.MIN_VOTERS * there.sum(1)).clamp(min=16)
    voting = torch.where(enough[:, None], inside, there)
    low, q10, median, q90, high = _quantiles(sample, voting, q.QUANTILES).split(1, dim=1)
    flat = ~(high - low > 1e-6 * torch.maximum(high.abs(), low.abs()))
    high = torch.where(flat, low + 1, high)
    floor = low - q.HEADROOM * (median - low) - 1e-3 * (high - low)
    ceiling = high + q.HEADROOM * (high - median) + 1e-3 * (high - low)

    def log_odds(v: Tensor) -> Tensor:
        return torch.log((v - floor) / (ceiling - v))

    centre = log_odds(median)
    spread = torch.maximum(log_odds(q90) - log_odds(q10), q.MIN_SPREAD * (log_odds(high) - log_odds(low))) / 2

    def standardised(v: Tensor) -> Tensor:
        return (log_odds(v.clamp(low, high)) - centre) / spread

    full = standardised(images.flatten(1))
    windows = [
        ((full - mean) / (q.WINDOW_SIGMAS * sigma)).clamp(-1, 1)
        for mean, sigma in _two_means(standardised(sample), voting)
    ]
    result = torch.stack([torch.tanh(full), *windows], dim=1) * (kept.flatten(1) & ~flat)[:, None]
    return result.unflatten(2, images.shape[1:])


def quantile_each(ordered: Tensor, counts: Tensor, share: Tensor) -> Tensor:
    """(B, N) ascending, of which the first counts (B, 1) matter, shares (B, Q) in 0…1 → (B, Q), interpolated."""
    place = share * (counts - 1).clamp(min=0)
    below = place.floor()
    first = ordered.gather(1, below.long())
    second = ordered.gather(1, torch.minimum(below.long() + 1, (counts.long() - 1).clamp(min=0)))
    return first + (place - below) * (second - first)


def _quantiles(values: Tensor, wanted: Tensor, shares: tuple[float, ...]) -> Tensor:
    ordered = torch.where(wanted, values, torch.inf).sort(dim=1).values
    share = torch.tensor(shares, device=values.device).expand(len(values), -1)
    return quantile_each(ordered, wanted.sum(1, keepdim=True).float(), share)


def _two_means(values: Tensor, voting: Tensor) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """(B, N) → (mean, standard deviation), each (B, 1), of the darker and of the brighter cluster."""
    bins, (start, stop) = preprocess.HISTOGRAM_BINS, preprocess.HISTOGRAM_RANGE
    width = (stop - start) / bins
    place = ((values - start) / width).floor()
    counted = voting & (place >= 0) & (place < bins)
    counts = torch.zeros(len(values), bins, device=values.device)
    counts.scatter_add_(1, place.clamp(0, bins - 1).long(), counted.float())
    centres = start + (torch.arange(bins, device=values.device, dtype=torch.float64) + 0.5) * width
    histogram = counts.double()
    moments = torch.stack([histogram, histogram * centres, histogram * centres**2], dim=1).cumsum(2)  # (B, 3, bins)
    total = moments[:, :, -1]
    first, second = _quantiles(values, voting, (0.25, 0.75)).double().split(1, dim=1)
    below, dead = moments[:, :, 0], torch.zeros_like(first, dtype=torch.bool)
    for _ in range(preprocess.KMEANS_STEPS):
        split = (((first + second) / 2 - start) / width).ceil().long().sub(1).clamp(0, bins - 2)
        below = torch.where(dead, below, moments.gather(2, split[:, None].expand(-1, 3, 1))[:, :, 0])
        dead = dead | (below[:, :1] == 0) | (below[:, :1] == total[:, :1])
        above = total - below
        first = below[:, 1:2] / below[:, :1].clamp(min=1)
        second = above[:, 1:2] / above[:, :1].clamp(min=1)
    return _spread(torch.where(dead, total, below)), _spread(torch.where(dead, total, total - below))


def _spread(moments: Tensor) -> tuple[Tensor, Tensor]:
    count = moments[:, :1].clamp(min=1)
    mean = moments[:, 1:2] / count
    sigma = (moments[:, 2:] / count - mean**2).clamp(min=0).sqrt().clamp(min=preprocess.MIN_SIGMA)
    return mean.float(), sigma.float()
