"""Any X-ray image → the three input channels of the model, the same way in training and at run time.

Detectors write linear signal over four decades, archives write 8-bit pictures through unknown look-up tables, in both
polarities. Instead of guessing which of them an image is, `channels` standardises the log-odds of the pixel values:
for a linear signal that is its attenuation, for a display image nearly the identity, and turning the polarity over
only changes the sign of the result. Nothing in it is random.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

INPUT_SIZE = 256
MIN_IMAGE_PX = 8
MAX_IMAGE_PX = 16384

_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)
QUANTILES = (0.005, 0.10, 0.50, 0.90, 0.995)
_LARGEST = 1e30
NO_VOTE = 0.002  # values this close to either end are collimated borders or burnt-out air
MIN_VOTERS = 0.02
HEADROOM = 0.1  # how far beyond the extremes the log-odds have their poles, in distances extreme–median
MIN_SPREAD = 0.25
HISTOGRAM_BINS = 256
HISTOGRAM_RANGE = (-4.0, 4.0)  # the log-odds at the extremes are bounded by the poles and by MIN_SPREAD
KMEANS_STEPS = 12
WINDOW_SIGMAS = 2.5
MIN_SIGMA = 0.02

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Letterbox:
    """How an image of `width` × `height` lies, aspect kept and centred, in the square model input.

    Points are (x, y) in pixels with (0, 0) at the centre of the top-left pixel, in both frames.
    """

    width: int
    height: int
    size: int
    inner_width: int
    inner_height: int
    left: int
    top: int

    @classmethod
    def fit(cls, width: int, height: int, size: int = INPUT_SIZE) -> Letterbox:
        """The largest placement of a `width` × `height` image inside `size` × `size`."""
        scale = size / max(width, height)
        inner_width = max(1, round(width * scale))
        inner_height = max(1, round(height * scale))
        return cls(
            width, height, size, inner_width, inner_height, (size - inner_width) // 2, (size - inner_height) // 2
        )

    @property
    def scale(self) -> tuple[float, float]:
        """Model-input pixels per image pixel, along x and y."""
        return self.inner_width / self.width, self.inner_height / self.height

    def points_to_input(self, points_px: npt.ArrayLike) -> FloatArray:
        """Image points (…, 2) → model-input points (…, 2), float32."""
        points = np.asarray(points_px, np.float64)
        moved = (points + 0.5) * np.array(self.scale) - 0.5 + np.array([self.left, self.top])
        return np.asarray(moved, np.float32)

    def points_to_image(self, points_px: npt.ArrayLike) -> FloatArray:
        """Model-input points (…, 2) → image points (…, 2), float32; the inverse of `points_to_input`."""
        points = np.asarray(points_px, np.float64)
        moved = (points - np.array([self.left, self.top]) + 0.5) / np.array(self.scale) - 0.5
        return np.asarray(moved, np.float32)

    def box_to_input(self, box_px: npt.ArrayLike) -> FloatArray:
        """Image box (x0, y0, x1, y1) → the same in model-input pixels, (4,) float32."""
        return self.points_to_input(np.asarray(box_px, np.float64).reshape(2, 2)).reshape(4)

    def box_to_image(self, box_px: npt.ArrayLike) -> FloatArray:
        """Model-input box (x0, y0, x1, y1) → the same in image pixels, (4,) float32."""
        return self.points_to_image(np.asarray(box_px, np.float64).reshape(2, 2)).reshape(4)

    def plane_to_input(self, plane: npt.NDArray[Any], fill: float = 0.0) -> FloatArray:
        """An image-sized plane (height, width) → (size, size) float32, area-averaged, `fill` around it."""
        inner = _resized(np.asarray(plane, np.float32), self.inner_width, self.inner_height)
        out = np.full((self.size, self.size), fill, np.float32)
        out[self.top : self.top + self.inner_height, self.left : self.left + self.inner_width] = inner
        return out

    def plane_to_image(self, plane: npt.NDArray[Any]) -> FloatArray:
        """A square plane of any resolution covering the model input → (height, width) float32, bilinear."""
        full = _resized(np.asarray(plane, np.float32), self.size, self.size)
        inner = full[self.top : self.top + self.inner_height, self.left : self.left + self.inner_width]
        if inner.shape == (self.height, self.width):
            return np.array(inner)
        return _resized(inner, self.width, self.height)


def to_input(image: npt.ArrayLike, size: int = INPUT_SIZE) -> tuple[FloatArray, Letterbox]:
    """Prepare one image for the image encoder.

    Args:
        image: (H, W) grey or (H, W, 3|4) colour (RGB(A), turned to luminance), any integer or float type, linear
            detector signal or display values, either polarity; each side 8 to 16384 px.
        size: side of the square model input, px.

    Returns:
        (3, size, size) float32 in −1…1 (0 around the image), and the letterbox that maps coordinates and masks.

    Raises:
        ValueError: one sentence saying what is wrong with the image.
    """
    grey = _grey(np.asarray(image))
    height, width = grey.shape
    letterbox = Letterbox.fit(width, height, size)
    # Averaging comes before any transform: it is right for linear signal, and 16 times less work follows it.
    inner = _resized(grey, letterbox.inner_width, letterbox.inner_height)
    out = np.zeros((3, size, size), np.float32)
    rows = slice(letterbox.top, letterbox.top + letterbox.inner_height)
    columns = slice(letterbox.left, letterbox.left + letterbox.inner_width)
    out[:, rows, columns] = channels(inner)
    return out, letterbox


def channels(values: npt.NDArray[Any]) -> FloatArray:
    """The three channels of an (H, W) image: the full range, and windows on its darker and its brighter half.

    Channel 0 is tanh of the robustly standardised log-odds. Channels 1 and 2 are windows of them, 2.5 standard
    deviations to both sides of the two centres of a deterministic two-means clustering. Offset and gain do not matter,
    the polarity only flips signs (and swaps channels 1 and 2), and linear signal and its logarithm give similar
    results. A constant image gives zeros.

    Args:
        values: (H, W) finite numbers.

    Returns:
        (3, H, W) float32 in −1…1.
    """
    x = np.asarray(values, np.float32)
    out = np.zeros((3, *x.shape), np.float32)
    voters = _voters(x)
    low, q10, median, q90, high = np.quantile(voters, QUANTILES).tolist()
    if not high - low > 1e-6 * max(abs(high), abs(low)):
        return out

    # Poles a little outside the extremes: the deepest shadow and the brightest air stay finite and distinct.
    floor = low - HEADROOM * (median - low) - 1e-3 * (high - low)
    ceiling = high + HEADROOM * (high - median) + 1e-3 * (high - low)

    def log_odds(v: Any) -> Any:
        return np.log((v - floor) / (ceiling - v))

    # Python floats, so that the arrays below stay float32.
    centre = float(log_odds(median))
    spread = float(max(log_odds(q90) - log_odds(q10), MIN_SPREAD * (log_odds(high) - log_odds(low)))) / 2

    def standardised(v: FloatArray) -> FloatArray:
        return np.asarray((log_odds(np.clip(v, low, high)) - centre) / spread, np.float32)

    full = standardised(x)
    np.tanh(full, out=out[0])
    for index, (mean, sigma) in enumerate(_two_means(standardised(voters)), start=1):
        np.clip((full - mean) / (WINDOW_SIGMAS * sigma), -1, 1, out=out[index])
    return out


def _voters(x: FloatArray) -> FloatArray:
    """The pixels that decide the scaling: a quarter of them, without collimated borders and burnt-out air."""
    sample = x[::2, ::2].ravel()
    # Quantiles, not the extremes: a few hot pixels or burnt-in letters would widen the margin over deep shadows.
    low, high = np.quantile(sample, (QUANTILES[0], QUANTILES[-1])).tolist()
    margin = NO_VOTE * (high - low)
    inside = sample[(sample > low + margin) & (sample < high - margin)]
    return inside if inside.size >= max(16, MIN_VOTERS * sample.size) else sample


def _two_means(voting: FloatArray) -> tuple[tuple[float, float], tuple[float, float]]:
    """Two-means clustering of standardised values → (mean, standard deviation), darker cluster first."""
    counts, edges = np.histogram(voting, bins=HISTOGRAM_BINS, range=HISTOGRAM_RANGE)
    centres = (edges[:-1] + edges[1:]) / 2
    # Cumulative moments: the sums of the part below any threshold are then one look-up.
    moments = np.cumsum(np.stack([counts, counts * centres, counts * centres**2]), axis=1)
    total = moments[:, -1]
    first, second = np.quantile(voting, (0.25, 0.75)).tolist()
    below = moments[:, 0]
    for _ in range(KMEANS_STEPS):
        split = int(np.clip(np.searchsorted(edges, (first + second) / 2) - 1, 0, HISTOGRAM_BINS - 2))
        below = moments[:, split]
        if below[0] == 0 or below[0] == total[0]:
            return _spread(total), _spread(total)
        first, second = below[1] / below[0], (total[1] - below[1]) / (total[0] - below[0])
    return _spread(below), _spread(total - below)


def _spread(moments: npt.NDArray[np.float64]) -> tuple[float, float]:
    count, total, squares = moments.tolist()
    mean = total / count
    return mean, max(MIN_SIGMA, float(np.sqrt(max(0.0, squares / count - mean**2))))


def _grey(image: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Check an image and return it as (H, W) of a type that OpenCV resizes."""
    if image.size == 0:
        raise ValueError("The image is empty.")
    if image.dtype == bool or not (np.issubdtype(image.dtype, np.integer) or np.issubdtype(image.dtype, np.floating)):
        raise ValueError(f"The image has values of type {image.dtype}, not integers or floats.")
    colour = image.ndim == 3 and image.shape[2] in (3, 4)
    if image.ndim == 3 and image.shape[2] == 1:
        image = image[:, :, 0]
    elif image.ndim != 2 and not colour:
        raise ValueError(f"The image has shape {image.shape}, not (height, width) or (height, width, 3 or 4).")
    height, width = image.shape[:2]
    if min(height, width) < MIN_IMAGE_PX or max(height, width) > MAX_IMAGE_PX:
        raise ValueError(f"The image is {width}×{height} px; each side must have {MIN_IMAGE_PX} to {MAX_IMAGE_PX} px.")
    if np.issubdtype(image.dtype, np.floating):
        with np.errstate(over="ignore"):
            image = image.astype(np.float32, copy=False)
        # One pass finds NaN, infinity and what would overflow below: no comparison with NaN is true.
        if not (image.min() > -_LARGEST and image.max() < _LARGEST):
            raise ValueError("The image has NaN or infinite values.")
    if colour:
        return luminance(image)
    return image if image.dtype in (np.uint8, np.uint16, np.int16, np.float32) else image.astype(np.float32)


def luminance(image: npt.NDArray[Any]) -> FloatArray:
    """(H, W) or (H, W, 3|4) of any number type → (H, W) float32, colours weighted as the eye does."""
    values = image.astype(np.float32)
    return values if values.ndim == 2 else values[:, :, :3] @ _LUMINANCE


def _resized(plane: npt.NDArray[Any], width: int, height: int) -> FloatArray:
    """Resize (H, W) → (height, width) float32: averaging where it shrinks, bilinear where it grows."""
    if plane.shape == (height, width):
        return plane.astype(np.float32)
    shrinks = width <= plane.shape[1] and height <= plane.shape[0]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(plane, (width, height), interpolation=method), np.float32)
