from __future__ import annotations

import cv2
import numpy as np
import pytest

from fluorosam_model.preprocess import Letterbox, channels, to_input


def radiograph(height: int = 300, width: int = 300, seed: int = 0) -> np.ndarray:
    """Linear detector signal, uint16, of smooth shadows five natural logarithms deep."""
    noise = np.random.default_rng(seed).random((12, 12), np.float32)
    depth = cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC).clip(0, 1)
    return (60000 * np.exp(-5 * depth)).astype(np.uint16)


def agreement(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


@pytest.mark.parametrize(
    "dtype", [np.uint8, np.uint16, np.int16, np.int32, np.uint32, np.int64, np.float32, np.float64]
)
def test_every_number_type_gives_the_same_channels(dtype: type) -> None:
    image = (radiograph() >> 8).astype(np.uint8)
    expected, _ = to_input(image)
    found, _ = to_input(image.astype(dtype))
    assert found.shape == (3, 256, 256)
    assert found.dtype == np.float32
    # Only the averaging of small integers rounds differently.
    assert np.abs(found[0] - expected[0]).max() < 0.15
    assert agreement(found, expected) > 0.995


def test_is_deterministic_to_the_bit() -> None:
    image = radiograph()
    assert np.array_equal(to_input(image)[0], to_input(image.copy())[0])


def test_values_stay_within_one() -> None:
    made, _ = to_input(radiograph(1024, 700))
    assert made.min() >= -1
    assert made.max() <= 1
    assert made[0].std() > 0.3


def test_offset_and_gain_do_not_matter() -> None:
    values = radiograph().astype(np.float32)
    assert np.allclose(channels(values), channels(0.03 * values + 500), atol=2e-3)


def test_inversion_flips_signs_and_swaps_the_windows() -> None:
    values = radiograph().astype(np.float32)
    direct, inverted = channels(values), channels(65535 - values)
    assert np.allclose(inverted[0], -direct[0], atol=0.01)
    assert agreement(inverted[1], -direct[2]) > 0.98
    assert agreement(inverted[2], -direct[1]) > 0.98


def test_linear_signal_and_its_logarithm_look_alike() -> None:
    signal = radiograph().astype(np.float32)
    assert agreement(channels(signal)[0], channels(np.log(signal))[0]) > 0.97


def test_the_deep_shadow_keeps_its_contrast_in_linear_signal() -> None:
    # Fourteen per cent less signal in the darkest tenth: on a linear scale hardly one two-hundredth of the range.
    signal = radiograph().astype(np.float32)
    shadow = signal < np.quantile(signal, 0.1)
    changed = np.where(shadow, signal * np.exp(-0.15), signal)
    linear = np.abs(changed - signal)[shadow].mean() / np.ptp(signal) * 2
    full, darker, _ = np.abs(channels(changed) - channels(signal))[:, shadow].mean(axis=1)
    assert full > 5 * linear
    assert darker > 10 * linear


def test_windows_stretch_the_two_halves() -> None:
    full, darker, brighter = channels(radiograph().astype(np.float32))
    dark, bright = full < np.quantile(full, 0.25), full > np.quantile(full, 0.75)
    assert darker[dark].std() > full[dark].std()
    assert brighter[bright].std() > full[bright].std()
    assert darker[bright].std() < 0.2


def test_collimated_borders_do_not_set_the_scale() -> None:
    values = radiograph(256, 256).astype(np.float32)
    inner = values[64:192, 64:192]
    collimated = np.zeros_like(values)
    collimated[64:192, 64:192] = inner
    assert agreement(channels(collimated)[0, 64:192, 64:192], channels(inner)[0]) > 0.99
    assert channels(collimated)[0, 64:192, 64:192].std() > 0.3


def test_a_few_hot_pixels_do_not_set_the_scale() -> None:
    values = (radiograph(256, 256) // 8).astype(np.float32)
    hot = values.copy()
    hot[::64, ::64] = 65535
    cold = values < 8191
    assert np.abs(channels(hot) - channels(values))[0][cold & (hot < 65535)].max() < 0.02


@pytest.mark.parametrize("value", [0, 7, 65535])
def test_constant_images_give_zeros(value: int) -> None:
    assert not to_input(np.full((40, 30), value, np.uint16))[0].any()


def test_two_valued_images_keep_their_two_values() -> None:
    image = np.zeros((64, 64), np.uint8)
    image[:, 32:] = 255
    full = to_input(image)[0][0]
    assert full[:, :120].max() < full[:, 136:].min() - 0.5


def test_colour_becomes_luminance() -> None:
    grey = (radiograph() >> 8).astype(np.uint8)
    rgb = np.repeat(grey[:, :, None], 3, axis=2)
    rgba = np.concatenate([rgb, np.full_like(rgb[:, :, :1], 255)], axis=2)
    expected = to_input(grey.astype(np.float32))[0]
    for image in (rgb, rgba, grey[:, :, None].astype(np.float32)):
        assert np.allclose(to_input(image)[0], expected, atol=1e-3)


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (np.zeros((0, 5)), "empty"),
        (np.zeros((0, 0, 3)), "empty"),
        (np.zeros(9), "shape"),
        (np.zeros((9, 9, 2)), "shape"),
        (np.zeros((2, 9, 9, 3)), "shape"),
        (np.full((9, 9), np.nan), "NaN"),
        (np.full((9, 9), np.inf), "NaN"),
        (np.full((9, 9), 1e300), "NaN"),
        (np.zeros((7, 400)), "each side"),
        (np.zeros((8, 16385), np.uint8), "each side"),
        (np.zeros((9, 9), bool), "type"),
        (np.zeros((9, 9), complex), "type"),
        (np.full((9, 9), "a"), "type"),
        (np.full((9, 9), None), "type"),
    ],
)
def test_what_is_no_image_is_refused_in_one_sentence(image: np.ndarray, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        to_input(image)
    assert str(caught.value).count("\n") == 0
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(("height", "width"), [(8, 8), (8, 16384), (16384, 8), (100, 333), (2048, 1500)])
def test_all_allowed_sizes_work(height: int, width: int) -> None:
    made, box = to_input(np.arange(height * width, dtype=np.float32).reshape(height, width))
    assert np.isfinite(made).all()
    assert (box.width, box.height) == (width, height)


@pytest.mark.parametrize(("width", "height"), [(512, 512), (1000, 400), (333, 777), (100, 80)])
def test_points_go_there_and_back(width: int, height: int) -> None:
    box = Letterbox.fit(width, height)
    corners = np.array([[-0.5, -0.5], [width - 0.5, height - 0.5], [width / 3, height / 5]])
    assert np.allclose(box.points_to_image(box.points_to_input(corners)), corners, atol=1e-3)
    assert np.allclose(box.box_to_image(box.box_to_input((1, 2, 30, 40))), (1, 2, 30, 40), atol=1e-3)
    # The outer edges of the image fall on the outer edges of the inner rectangle.
    assert np.allclose(box.points_to_input(corners)[0], (box.left - 0.5, box.top - 0.5))


def test_points_and_planes_agree() -> None:
    width, height = 900, 500
    box = Letterbox.fit(width, height)
    plane = np.zeros((height, width), np.float32)
    plane[200:260, 700:780] = 1
    there = box.plane_to_input(plane)
    rows, columns = np.nonzero(there > 0.5)
    centre = box.points_to_input((739.5, 229.5))
    assert np.allclose((columns.mean(), rows.mean()), centre, atol=0.5)
    back = box.plane_to_image(there)
    assert back.shape == plane.shape
    assert np.mean((back > 0.5) == (plane > 0.5)) > 0.995


def test_coarse_planes_cover_the_same_ground() -> None:
    box = Letterbox.fit(512, 256)
    coarse = np.zeros((64, 64), np.float32)
    coarse[:, 32:] = 1
    assert np.abs((box.plane_to_image(coarse) > 0.5).mean() - 0.5) < 0.01
