from __future__ import annotations

import dataclasses
import itertools
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from rich.console import Console
from scipy.spatial.distance import directed_hausdorff

from fluorosam_model.evaluation import DatasetError, FolderDataset, Sample, TwinViews, evaluate
from fluorosam_model.evaluation.metrics import (
    auroc,
    bootstrap_interval,
    calibration_error,
    dice,
    hausdorff_px,
    iou,
)
from fluorosam_model.evaluation.tables import print_tables
from fluorosam_model.predictor import Prediction, Predictor
from fluorosam_model.preprocess import Letterbox
from fluorosam_model.prompts import Prompt
from fluorosam_model.registry import load_predictor
from fluorosam_sim.anatomy import STRUCTURES, find, held_out_texts
from fluorosam_sim.patients import Patient
from fluorosam_sim.views import is_held_out

SIZE = 100


def square(x: int, y: int, side: int = 30) -> np.ndarray:
    mask = np.zeros((SIZE, SIZE), bool)
    mask[y : y + side, x : x + side] = True
    return mask


class TestMetrics:
    def test_overlap_of_known_squares(self) -> None:
        a, b = square(0, 0), square(15, 0)
        assert dice(a, b) == pytest.approx(0.5)
        assert iou(a, b) == pytest.approx(1 / 3)
        assert hausdorff_px(a, b) == 15

    def test_hausdorff_agrees_with_the_definition(self) -> None:
        rng = np.random.default_rng(1)
        a, b = rng.random((40, 60)) > 0.98, rng.random((40, 60)) > 0.97
        points = np.argwhere(a), np.argwhere(b)
        expected = max(directed_hausdorff(*points)[0], directed_hausdorff(*points[::-1])[0])
        assert hausdorff_px(a, b) == pytest.approx(expected, abs=1e-4)

    def test_empty_masks(self) -> None:
        empty, full = np.zeros((30, 40), bool), np.ones((30, 40), bool)
        assert (dice(empty, empty), iou(empty, empty), hausdorff_px(empty, empty)) == (1, 1, 0)
        assert (dice(empty, full), iou(empty, full), hausdorff_px(full, empty)) == (0, 0, 50)

    def test_auroc_counts_ordered_pairs(self) -> None:
        rng = np.random.default_rng(2)
        scores, truths = np.round(rng.random(60), 1), rng.random(60) > 0.4
        pairs = [(p > n) + 0.5 * (p == n) for p, n in itertools.product(scores[truths], scores[~truths])]
        assert auroc(scores, truths) == pytest.approx(np.mean(pairs))
        assert np.isnan(auroc([0.3, 0.4], [True, True]))

    def test_calibration_error(self) -> None:
        assert calibration_error([0.8] * 10, [True] * 8 + [False] * 2) == pytest.approx(0)
        assert calibration_error([1.0, 1.0, 0.0, 0.0], [True, False, False, False]) == pytest.approx(0.25)
        assert np.isnan(calibration_error([], []))

    def test_the_interval_widens_with_correlation(self) -> None:
        rng = np.random.default_rng(3)
        values = np.repeat(rng.normal(size=20), 10).tolist()
        low, high = bootstrap_interval(values, [str(i // 10) for i in range(200)], rng)
        narrow_low, narrow_high = bootstrap_interval(values, [str(i) for i in range(200)], rng)
        assert low < np.mean(values) < high
        assert high - low > 2 * (narrow_high - narrow_low)


class Oracle:
    """Answers with the truth, or with what a test makes of it."""

    def __init__(self, sample: Sample, answers: dict[str, np.ndarray | None] | None = None) -> None:
        self.sample = sample
        self.answers = {**sample.masks, **(answers or {})}
        self.clicks: list[list[tuple[int, int, int]]] = []
        self.texts: list[str | None] = []

    def set_image(self, image: np.ndarray) -> None:
        assert image is self.sample.image

    def predict_many(self, texts: Sequence[str]) -> list[Prediction]:
        return [self._answer(each.key) for text in texts for each in find(text).structures]

    def predict_prompts(self, prompts: Sequence[Prompt]) -> list[Prediction]:
        for prompt in prompts:
            if prompt.points is not None:
                self.texts.append(prompt.text)
                self.clicks.append([(*xy, label) for xy, label in zip(prompt.points, prompt.point_labels, strict=True)])
        return [self._answer(key) for key in list(self.sample.masks)[: len(prompts)]]

    def _answer(self, key: str) -> Prediction:
        mask = self.answers.get(key)
        present = mask is not None
        mask = mask if mask is not None else np.zeros((SIZE, SIZE), bool)
        logits = np.zeros((64, 64), np.float32)
        score = 0.9 if present else 0.1
        return Prediction("", (key,), present, score, None, None, mask, 0.5, 0, logits, Letterbox.fit(SIZE, SIZE))


class OneSample:
    def __init__(self, sample: Sample) -> None:
        self.sample = sample

    def __len__(self) -> int:
        return 1

    def __iter__(self) -> Iterator[Sample]:
        yield self.sample


@pytest.fixture
def sample() -> Sample:
    masks = {"lung_left": square(60, 10), "lung_right": square(10, 10), "heart": square(40, 50)}
    absent = ("femur_left", "femur_right", "skull", "brain")
    return Sample(np.zeros((SIZE, SIZE), np.uint8), masks, absent, "someone", "front", series="chest")


def run(oracle: Oracle) -> dict:
    return evaluate(oracle, OneSample(oracle.sample)).report()  # type: ignore[arg-type]


class TestEvaluator:
    def test_the_report_has_the_agreed_keys(self, sample: Sample) -> None:
        report = run(Oracle(sample))
        assert set(report) == {"overall", "structures", "series", "patients", "sides", "presence", "wordings"}
        assert set(report["patients"]) == {"someone"} and set(report["series"]) == {"chest"}
        assert set(report["overall"]) == {"text", "points2", "points8", "box", "text_points2", "text_points8"}
        assert all(set(scores) == {"dice", "iou", "hd_px", "n"} for scores in report["overall"].values())
        assert set(report["structures"]) == set(sample.masks)
        assert set(report["sides"]) == {"accuracy", "n", "scored"}
        assert set(report["presence"]) == {"auroc", "ece"}
        assert set(report["wordings"]) == {"dice_drop"}
        json.loads(json.dumps(report, allow_nan=False))

    def test_the_truth_scores_full_marks(self, sample: Sample) -> None:
        report = run(Oracle(sample))
        for scores in report["overall"].values():
            assert scores == {"dice": 1, "iou": 1, "hd_px": 0, "n": 3}
        assert report["sides"] == {"accuracy": 1, "n": 2, "scored": {"accuracy": 1, "n": 2}}
        assert report["presence"] == {"auroc": 1, "ece": pytest.approx(0.1)}
        assert report["wordings"] == {"dice_drop": 0}

    def test_a_swapped_side_is_noticed(self, sample: Sample) -> None:
        swapped = Oracle(sample, {"lung_left": sample.masks["lung_right"]})
        report = run(swapped)
        assert report["sides"]["accuracy"] == report["sides"]["scored"]["accuracy"] == 0.5
        assert report["structures"]["lung_left"]["text"]["dice"] == 0

    def test_a_false_no_counts_with_an_empty_mask(self, sample: Sample) -> None:
        report = run(Oracle(sample, {"heart": None}))
        assert report["structures"]["heart"]["text"] == {
            "dice": 0, "iou": 0, "hd_px": pytest.approx(np.hypot(SIZE, SIZE), abs=1e-3), "n": 1,
        }  # fmt: skip
        assert report["presence"]["auroc"] == pytest.approx((2 + 0.5) / 3, abs=1e-3)

    def test_small_and_cut_structures_are_not_scored(self, sample: Sample) -> None:
        masks = {**sample.masks, "spleen": square(0, 80, 12)}
        report = run(Oracle(Sample(sample.image, masks, (), "a", "b", frozenset({"lung_left"}))))
        assert set(report["structures"]) == {"lung_right", "heart"}
        assert report["sides"]["n"] == 2

    def test_overlapping_sides_are_left_out(self, sample: Sample) -> None:
        masks = {"lung_left": square(10, 10), "lung_right": square(15, 10)}
        assert run(Oracle(Sample(sample.image, masks, (), "a", "b")))["sides"]["n"] == 0

    def test_sides_of_small_structures_are_told_apart_from_those_of_scored_ones(self, sample: Sample) -> None:
        small = int(SIZE * 0.1)  # 1 % of the image
        masks = {"kidney_left": square(10, 10, small), "kidney_right": square(60, 60, small)}
        sides = run(Oracle(Sample(sample.image, masks, (), "a", "b")))["sides"]
        assert sides["n"] == 2 and sides["scored"] == {"accuracy": None, "n": 0}

    def test_clicks_go_to_the_middle_of_the_largest_error(self, sample: Sample) -> None:
        truth = {"heart": square(40, 50)}
        oracle = Oracle(Sample(sample.image, truth, (), "a", "b"), {"heart": square(0, 0, 40) | square(40, 50, 25)})
        run(oracle)
        first, second = oracle.clicks[0], oracle.clicks[1]
        assert oracle.texts == [None] * 8 + ["heart"] * 8
        assert np.allclose(first[0][:2], (54.5, 64.5), atol=1)
        assert first[0][2] == 1
        assert np.allclose(second[1][:2], (19.5, 19.5), atol=1)
        assert second[1][2] == 0
        # After the name its answer is what the first click corrects.
        assert np.allclose(oracle.clicks[8][0], (19.5, 19.5, 0), atol=1)

    def test_an_image_without_structures_is_passed_over(self) -> None:
        empty = Sample(np.zeros((SIZE, SIZE), np.uint8), {}, ("skull",), "a", "b")
        report = run(Oracle(empty))
        assert report["overall"]["text"] == {"dice": None, "iou": None, "hd_px": None, "n": 0}
        assert report["presence"] == {"auroc": None, "ece": None}

    def test_tables_name_structures_and_the_paper(self, sample: Sample) -> None:
        console = Console(record=True, width=140, file=open("/dev/null", "w"))  # noqa: SIM115
        print_tables(evaluate(Oracle(sample), OneSample(sample)), console)  # type: ignore[arg-type]
        text = console.export_text()
        assert "left lung" in text
        assert "paper, cadaver" in text
        assert "100.0% of 2 paired prompts" in text

    def test_every_name_and_held_out_wording_means_its_structure(self) -> None:
        # The evaluator relies on it: one prompt, one prediction.
        for each in STRUCTURES:
            for text in (each.name, *held_out_texts(each)):
                assert [found.key for found in find(text).structures] == [each.key], text


class TestTwinViews:
    def test_views_are_held_out_and_reproducible(self, phantom: Patient) -> None:
        first, second = (
            list(TwinViews([phantom], 3, seed=5, size_px=96)),
            list(TwinViews([phantom], 3, seed=5, size_px=96)),
        )
        assert len(first) == 3
        for a, b in zip(first, second, strict=True):
            assert np.array_equal(a.image, b.image)
            assert a.image.shape == (96, 96)
            primary, secondary = (float(part.rstrip("°")) for part in a.view.split()[2::2])
            # The view's name is rounded to a degree, so a direction near a cell's border may look like the next cell.
            near = [(primary + i, secondary + j) for i in (-0.5, 0, 0.5) for j in (-0.5, 0, 0.5)]
            assert any(is_held_out(*direction) for direction in near)
        assert any(sample.masks for sample in first)

    def test_truth_is_visible_or_absent_or_neither(self, phantom: Patient) -> None:
        for sample in TwinViews([phantom], 6, seed=1, size_px=96):
            assert all(mask.mean() >= 0.005 for mask in sample.masks.values())
            assert not set(sample.masks) & set(sample.absent)
            assert "femur_left" in sample.absent
            assert ("kidney_left" in sample.masks) == ("kidneys" in sample.masks)

    def test_bodies_for_testing_are_seen_from_anywhere(self, phantom: Patient) -> None:
        body = dataclasses.replace(phantom, name="synthetic:9000")
        first, second = (list(TwinViews([body, phantom], 20, seed=3, size_px=64)) for _ in range(2))
        assert [s.patient for s in first] == ["synthetic:9000"] * 20 + ["phantom"] * 20
        assert all(np.array_equal(a.image, b.image) for a, b in zip(first, second, strict=True))
        directions = [[float(part.rstrip("°")) for part in s.view.split()[2::2]] for s in first]
        assert {is_held_out(*direction) for direction in directions[:20]} == {True, False}

    def test_a_model_runs_on_them(self, phantom: Patient, tiny_folder: Path) -> None:
        predictor: Predictor = load_predictor(tiny_folder, threads=1)
        report = evaluate(predictor, TwinViews([phantom], 2, size_px=96)).report()
        assert report["overall"]["text"]["n"] == report["overall"]["box"]["n"]


class TestFolderDataset:
    def write(self, path: Path, image: np.ndarray) -> None:
        cv2.imwrite(str(path), image)

    def test_images_with_masks_beside_them(self, tmp_path: Path) -> None:
        self.write(tmp_path / "ann--ap.png", np.full((SIZE, SIZE), 7, np.uint16))
        self.write(tmp_path / "ann--ap__heart.png", square(10, 20).astype(np.uint8) * 255)
        self.write(tmp_path / "ann--ap__skull.png", np.zeros((SIZE, SIZE), np.uint8))
        self.write(tmp_path / "bob.png", np.zeros((SIZE, SIZE), np.uint8))
        dataset = FolderDataset(tmp_path)
        (only,) = dataset
        assert len(dataset) == 1
        assert (only.patient, only.view, only.absent) == ("ann", "ap", ("skull",))
        assert only.image.dtype == np.uint16
        assert np.array_equal(only.masks["heart"], square(10, 20))

    @pytest.mark.parametrize(
        ("names", "reason"),
        [
            (("a.png",), "no image with a mask"),
            (("a__heart.png",), "no image a"),
            (("a.png", "a__unicorn.png"), "no structure of the vocabulary: 'unicorn'"),
        ],
    )
    def test_odd_folders_are_refused(self, tmp_path: Path, names: tuple[str, ...], reason: str) -> None:
        for name in names:
            self.write(tmp_path / name, np.zeros((SIZE, SIZE), np.uint8))
        with pytest.raises(DatasetError, match=reason):
            FolderDataset(tmp_path)

    def test_masks_of_another_size_are_refused(self, tmp_path: Path) -> None:
        self.write(tmp_path / "a.png", np.zeros((SIZE, SIZE), np.uint8))
        self.write(tmp_path / "a__heart.png", np.zeros((SIZE, 9), np.uint8))
        with pytest.raises(DatasetError, match=r"a__heart\.png has not the size"):
            list(FolderDataset(tmp_path))

    def test_a_missing_folder_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(DatasetError, match="no folder"):
            FolderDataset(tmp_path / "nowhere")
