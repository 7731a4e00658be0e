"""Makes fluorosam_model/weights/naming.npz, by which clicks and boxes are read as structures, from simulated users.

    python scripts/fit_naming.py [--patients synthetic:8000-8009@2] [--views 36] [--check synthetic:8010-8011@2]

The patients are none that the model was trained on, nor any it is scored on (seeds from 9000 on). Some users click in
the middle of what they mean, and then in the middle of what the answer got most wrong; others click anywhere in it, or
give all clicks at once. About 25 minutes on one core; the same patients give the same file.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from fluorosam_model.click_evidence import HEADS, PRIOR, WEIGHTS, Candidates, Head, depth_px, overlaps
from fluorosam_model.evaluation import TwinViews
from fluorosam_model.evaluation.evaluator import next_click
from fluorosam_model.naming import Features, evidence_of
from fluorosam_model.registry import load_predictor
from fluorosam_model.runtime.backend import MASK_STRIDE
from fluorosam_sim.patients.names import expand_names

LEAST_SHARE = 0.01
"""Share of the image that a structure has to cover for somebody to click on it."""
STYLES, SHARES = ("middle", "anywhere", "deep"), (0.5, 0.25, 0.25)
AT_ONCE, MOST_CLICKS, EPISODES = 0.35, 4, 2
BOX_JITTER = 0.04
HIDDEN, EPOCHS, BATCH, LR, WEIGHT_DECAY = 16, 16, 128, 1e-2, 1e-3
NAMED_SHARE = 0.1
"""Of the loss, for the right name; the rest is for a mask that is like what was meant."""
_TIMES = {"first": 1, "other": MOST_CLICKS - 1, "last": 1, "box": 1}
"""How often each can be given in one prompt."""
_FIRST_GUESS = {"first": (4.0, 0), "other": (1.0, 1), "last": (4.0, 0), "box": (6.0, 0)}
"""Before anything is fitted: weight and number of the feature that counts."""

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class View:
    """One image: its candidates, and what is there: truths (T, h, w) with the Dice scores (T, K) of the masks."""

    candidates: Candidates
    truths: BoolArray
    numbers: tuple[int | None, ...]
    dices: npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Episode:
    """What a user has given so far, and how good each answer would be (K,); number: of the structure meant."""

    prior: npt.NDArray[np.float32]
    features: Features
    dices: npt.NDArray[np.float32]
    number: int | None


def views(patients: str, count: int) -> Iterator[View]:
    """Images of patients, as the shipped model sees them."""
    predictor = load_predictor("lite")
    dataset = TwinViews(expand_names([patients]), count, 1)
    for done, sample in enumerate(dataset, 1):
        predictor.set_image(sample.image)
        candidates = predictor.candidates()
        letterbox = predictor.predict_many(["heart"])[0].letterbox
        size = candidates.logits.shape[-1] if candidates.structures else 0
        keys = [each.key for each in candidates.structures]
        wanted, truths = [], []
        for key, mask in sample.masks.items():
            if size and mask.mean() >= LEAST_SHARE and key not in sample.unscored:
                plane = letterbox.plane_to_input(mask)
                small = cv2.resize(plane.astype(np.float32), (size, size), interpolation=cv2.INTER_AREA) > 0.5
                if small.any():
                    wanted.append(key)
                    truths.append(small)
        if wanted:
            numbers = tuple(keys.index(key) if key in keys else None for key in wanted)
            yield View(candidates, np.stack(truths), numbers, overlaps(np.stack(truths), candidates.masks))
        if done % 50 == 0:
            print(f"{done} of {len(dataset)} images", flush=True)


def episodes(
    shown: list[View], net: Net, rng: np.random.Generator, style: str | None = None, at_once: float = AT_ONCE
) -> Iterator[list[Episode]]:
    """Users who mean each structure of each image, one episode per number of clicks, and one with a box.

    net: answers them meanwhile. style: of all users; drawn if None.
    """
    for view in shown:
        for truth, number, dices in zip(view.truths, view.numbers, view.dices, strict=True):
            kind = style or str(rng.choice(STYLES, p=SHARES))
            together = rng.random() < at_once
            given = _clicks(view, truth, kind, net, rng, together)
            made = [Episode(view.candidates.prior, features, dices, number) for features in given]
            made.append(Episode(view.candidates.prior, _box(view.candidates, truth, rng), dices, number))
            yield made


def _clicks(
    view: View, truth: BoolArray, style: str, net: Net, rng: np.random.Generator, together: bool
) -> Iterator[Features]:
    candidates = view.candidates
    points: list[tuple[float, float]] = []
    labels: list[float] = []
    answered, answer = np.zeros_like(truth), None
    for count in range(MOST_CLICKS):
        if together:
            x, y, label = _together(truth, count, style, rng)
        else:
            x, y, label = _one_click(answered, truth, style, rng)
        points.append(((x + 0.5) * MASK_STRIDE - 0.5, (y + 0.5) * MASK_STRIDE - 0.5))
        labels.append(label)
        given = np.array(points, np.float32), np.array(labels, np.float32)
        before = answered if count and not together else None
        features = evidence_of(
            candidates, *given, before, candidates.structures[answer].key if answer is not None else None
        )
        yield features
        answer = int(np.argmax(net.evidence(candidates.prior, features)))
        answered = candidates.masks[answer]


def _one_click(answered: BoolArray, truth: BoolArray, style: str, rng: np.random.Generator) -> tuple[int, int, int]:
    """Column, row and label of a click in what an answer got wrong."""
    lacking, spilt = truth & ~answered, answered & ~truth
    if style == "middle" or not (lacking | spilt).any():
        return next_click(answered, truth)
    weight = (lacking | spilt).astype(float) if style == "anywhere" else np.maximum(depth_px(lacking), depth_px(spilt))
    at = int(rng.choice(weight.size, p=weight.ravel() / weight.sum()))
    y, x = divmod(at, truth.shape[1])
    return x, y, int(lacking[y, x])


def _together(truth: BoolArray, count: int, style: str, rng: np.random.Generator) -> tuple[int, int, int]:
    """One of several clicks given at once: most inside, the others near the structure's edge."""
    if count == 0 and style == "middle":
        return next_click(np.zeros_like(truth), truth)
    outside = cv2.distanceTransform((~truth).view(np.uint8), cv2.DIST_L2, 3)
    near = (outside > 1) & (outside < truth.shape[0] / 5)
    inside = count == 0 or rng.random() < 0.75 or not near.any()
    depth = depth_px(truth)
    weight = (depth if style != "anywhere" else (depth > 0)) if inside else near
    at = int(rng.choice(truth.size, p=weight.ravel() / weight.sum()))
    y, x = divmod(at, truth.shape[1])
    return x, y, int(inside)


def _box(candidates: Candidates, truth: BoolArray, rng: np.random.Generator) -> Features:
    rows, columns = np.flatnonzero(truth.any(axis=1)), np.flatnonzero(truth.any(axis=0))
    corners = np.array([[columns[0], rows[0]], [columns[-1], rows[-1]]], float)
    if rng.random() < 0.5:
        corners += rng.normal(0, BOX_JITTER, (2, 2)) * (corners[1] - corners[0] + 1)
    low, high = np.sort(corners, axis=0).round().astype(np.int64).clip(0, truth.shape[0] - 1)
    return [("box", candidates.box(np.stack([low, high])))]


class Net(nn.Module):
    """The networks of `HEADS`, to be fitted."""

    def __init__(self) -> None:
        super().__init__()
        self.heads = nn.ModuleDict(
            {
                name: nn.Sequential(nn.Linear(PRIOR + count, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, 1, bias=False))
                for name, count in HEADS.items()
            }
        )
        for name, count in HEADS.items():
            self.register_buffer(f"{name}_mean", torch.zeros(PRIOR + count))
            self.register_buffer(f"{name}_scale", torch.ones(PRIOR + count))
        self.fitted = False

    def normalize(self, found: list[Episode]) -> None:
        """Takes mean and spread of all features from episodes."""
        for name in HEADS:
            rows = [
                np.concatenate([each.prior, features], axis=1)
                for each in found
                for head, features in each.features
                if head == name
            ]
            stacked = np.concatenate(rows)
            self.get_buffer(f"{name}_mean").copy_(torch.tensor(stacked.mean(axis=0)))
            self.get_buffer(f"{name}_scale").copy_(torch.tensor(stacked.std(axis=0) + 1e-3))

    def head(self, name: str, x: torch.Tensor) -> torch.Tensor:
        """(…, `PRIOR` + F) → (…)."""
        normal = (x - self.get_buffer(f"{name}_mean")) / self.get_buffer(f"{name}_scale")
        return self.heads[name](normal)[..., 0]

    def numpy_head(self, name: str) -> Head:
        """As it is shipped."""
        hidden, _, out = self.heads[name]  # type: ignore[misc]
        mean, scale = self.get_buffer(f"{name}_mean"), self.get_buffer(f"{name}_scale")
        parts = (mean, scale, hidden.weight.T, hidden.bias, out.weight[0])
        return Head(*(part.detach().numpy().astype(np.float32) for part in parts))

    def evidence(self, prior: npt.NDArray[np.float32], features: Features) -> npt.NDArray[np.float32]:
        """(K,) for each candidate."""
        total = np.zeros(len(prior), np.float32)
        for name, values in features:
            if self.fitted:
                total = total + self.numpy_head(name)(prior, values)
            else:
                weight, column = _FIRST_GUESS[name]
                total = total + weight * values[:, column]
        return total


def fit(net: Net, found: list[Episode]) -> None:
    """Fits in place: the answer is to be like what was meant."""
    torch.manual_seed(0)
    net.normalize(found)
    most = max(len(each.prior) for each in found)
    per_head = {
        name: np.zeros((len(found), _TIMES[name], most, PRIOR + count), np.float32) for name, count in HEADS.items()
    }
    used = {name: np.zeros((len(found), _TIMES[name]), bool) for name in HEADS}
    there, dices = np.zeros((len(found), most), bool), np.zeros((len(found), most), np.float32)
    numbers = np.full(len(found), -1)
    for row, each in enumerate(found):
        count = len(each.prior)
        there[row, :count], dices[row, :count] = True, each.dices
        numbers[row] = -1 if each.number is None else each.number
        for name, values in each.features:
            at = int(used[name][row].sum())
            per_head[name][row, at, :count] = np.concatenate([each.prior, values], axis=1)
            used[name][row, at] = True
    tensors = {name: torch.tensor(values) for name, values in per_head.items()}
    weights = {name: torch.tensor(values) for name, values in used.items()}
    mask, good, meant = torch.tensor(there), torch.tensor(dices), torch.tensor(numbers)
    optimizer = torch.optim.AdamW(net.parameters(), LR, weight_decay=WEIGHT_DECAY)
    steps = EPOCHS * -(-len(found) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LR, total_steps=steps)
    for epoch in range(EPOCHS):
        told = 0.0
        for rows in torch.randperm(len(found)).split(BATCH):
            total = torch.zeros(len(rows), most)
            for name in HEADS:
                for at in range(_TIMES[name]):
                    some = weights[name][rows, at]
                    if some.any():
                        total[some] = total[some] + net.head(name, tensors[name][rows[some], at])
            likely = total.masked_fill(~mask[rows], -1e4).log_softmax(dim=-1)
            named = meant[rows] >= 0
            right = likely[named].gather(1, meant[rows][named][:, None]).mean()
            loss = -(likely.exp() * good[rows]).sum(dim=-1).mean() - NAMED_SHARE * right
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            told += float(loss.detach()) * len(rows)
        print(f"epoch {epoch + 1}: loss {told / len(found):.4f}", flush=True)
    net.fitted = True


def report(net: Net, shown: list[View]) -> None:
    """Prints how like the answers are to what users of each style mean."""
    for style in STYLES:
        for at_once in (0.0, 1.0):
            found: dict[int, list[float]] = {}
            for made in episodes(shown, net, np.random.default_rng(7), style, at_once):
                for count, each in enumerate(made, 1):
                    best = int(np.argmax(net.evidence(each.prior, each.features)))
                    found.setdefault(count, []).append(float(each.dices[best]))
            dice = [f"{np.mean(found[count]):.3f}" for count in sorted(found)]
            how = "at once" if at_once else "after each other"
            print(f"{style}, {how}: Dice after 1 to {MOST_CLICKS} clicks {' '.join(dice[:-1])}, box {dice[-1]}")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patients", default="synthetic:8000-8009@2")
    parser.add_argument("--check", default="synthetic:8010-8011@2")
    parser.add_argument("--views", type=int, default=36)
    args = parser.parse_args()
    torch.set_num_threads(1)
    shown = list(views(args.patients, args.views))
    net = Net()
    for turn in range(3):  # answers of the networks so far make the clicks that the next ones are fitted to
        rng = np.random.default_rng(turn)
        found = [each for _ in range(EPISODES) for made in episodes(shown, net, rng) for each in made]
        print(f"{len(found)} episodes", flush=True)
        fit(net, found)
    report(net, list(views(args.check, args.views)))
    stored = {}
    for name in HEADS:
        head = net.numpy_head(name)
        stored |= {f"{name}.{part}": getattr(head, part) for part in ("mean", "scale", "hidden", "hidden_bias", "out")}
    np.savez(WEIGHTS, **stored)
    print(f"{WEIGHTS.name}: {WEIGHTS.stat().st_size} bytes")


if __name__ == "__main__":
    main()
