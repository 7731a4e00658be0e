"""Makes fluorosam_ros/control/reading.npz, by which texts are read that no rule understands, from the tests' tables.

    python scripts/fit_reading.py

Takes half a minute on one core; the same tables give the same file.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from fluorosam_model.sentence_encoder import SentenceEncoder
from fluorosam_ros.control.plain_text import bare, plain
from fluorosam_ros.control.plainly import NOTHING, kind_of
from fluorosam_ros.control.reading import TABLE
from fluorosam_ros.control.slots import NAME, slots
from fluorosam_ros.control.spelling import respelt

TABLES = Path(__file__).resolve().parent.parent / "test" / "fluorosam_ros" / "control"
WEIGHT_DECAY = 3e-6
SCALE = 3.0
_EVERY = 40
_COMMON, _RARE = 20, 2

FRAMES = (
    "hold off {}", "tell the fellow to {}", "before you {}", "{} later on", "we will {} soon", "yesterday we did {}",
    "when he breathes in {}", "if it hurts {}", "somebody has to {}", "why did it {}", "no need to {}", "avoid {}",
    "{} or the other way round", "wait with {}", "we never {}", "I wonder whether to {}", "{} is what they teach",
    "let the resident {}", "remind me to {}", "almost {}", "{} almost", "they always {}", "can it {} at all",
)  # fmt: skip
"""Talk in which a command is none."""

FloatArray = npt.NDArray[np.float64]


def examples(folder: Path = TABLES) -> list[tuple[tuple[str, ...], str]]:
    """(words with names and numbers taken out, kind) of every text in the tables of commands and of what is none."""
    found = []
    for name in ("utterances.tsv", "utterances_adversarial.tsv"):
        for line in (folder / name).read_text(encoding="utf-8").splitlines():
            if not line or line.startswith("#"):
                continue
            said, *rest = line.split("\t")
            kind = kind_of(rest[0]) if name == "utterances.tsv" else NOTHING
            # What leans on the text before has rules of its own; a saved view is merely saved before.
            if kind == NOTHING or len(rest) == 1 or kind == "Go to the saved view":
                found.append((slots(bare(plain(said))).words, kind))
    found = _without_slips(found)
    commands = [" ".join(words) for words, kind in found if kind != NOTHING][::_EVERY]
    framed = [frame.format(words).split() for frame in FRAMES for words in commands]
    return list(dict.fromkeys([*found, *((tuple(words), NOTHING) for words in framed)]))


def _without_slips(rows: list[tuple[tuple[str, ...], str]]) -> list[tuple[tuple[str, ...], str]]:
    """Rows with a rare word, one letter from a common one, as the common one; not "seen" as "see"."""
    counts = Counter(word for words, _ in rows for word in words)
    common = frozenset(word for word, count in counts.items() if count >= _COMMON)
    meant = {word: respelt(word, common) for word, count in counts.items() if count <= _RARE}
    slips = {word: other for word, other in meant.items() if not (word.startswith(other) or other.startswith(word))}
    return [(tuple(slips.get(word, word) for word in words), kind) for words, kind in rows]


def fit(embedded: FloatArray, target: npt.NDArray[np.intp], kinds: int) -> tuple[FloatArray, FloatArray]:
    """Weights (D, K) and biases (K,) of multinomial logistic regression on embedded texts (N, D)."""
    count, size = embedded.shape
    truth = np.eye(kinds)[target]

    def loss(parameters: FloatArray) -> tuple[float, FloatArray]:
        weight, bias = parameters[:-kinds].reshape(size, kinds), parameters[-kinds:]
        scores = embedded @ weight + bias
        scores -= scores.max(axis=1, keepdims=True)
        log_shares = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        slope = (np.exp(log_shares) - truth) / count
        value = -(log_shares * truth).sum() / count + WEIGHT_DECAY * (weight**2).sum()
        by_weight = embedded.T @ slope + 2 * WEIGHT_DECAY * weight
        return value, np.concatenate([by_weight.ravel(), slope.sum(axis=0)])

    found = minimize(loss, np.zeros((size + 1) * kinds), jac=True, method="L-BFGS-B", options={"maxiter": 500})
    return found.x[:-kinds].reshape(size, kinds), found.x[-kinds:]


def main() -> None:
    """Fits, and tells what the classifier makes of the very texts it was fitted to."""
    rows = examples()
    kinds = sorted({kind for _, kind in rows})
    embedded = SentenceEncoder().embed([" ".join(words) for words, _ in rows]).astype(float) * SCALE
    target = np.array([kinds.index(kind) for _, kind in rows])
    weight, bias = fit(embedded, target, len(kinds))
    right = ((embedded @ weight + bias).argmax(axis=1) == target).mean()
    known = sorted({word for words, kind in rows if kind != NOTHING for word in words})
    after = {b for words, kind in rows if kind != NOTHING for a, b in pairwise(words) if a == NAME}
    others = sorted({word for words, _ in rows for word in words}.difference(known))
    np.savez_compressed(
        TABLE,
        weight=(weight * SCALE).astype(np.float16),
        bias=bias.astype(np.float16),
        kinds=np.array(kinds),
        words=np.array(known),
        others=np.array(others),
        after_names=np.array(sorted(after)),
    )
    print(f"{len(rows)} texts of {len(kinds)} kinds, {len(known)} words; {right:.1%} of them read right: {TABLE}")


if __name__ == "__main__":
    main()
