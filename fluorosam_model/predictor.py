"""An image and prompts → masks: set the image once, prompt as often as wanted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt

from fluorosam_model.click_evidence import Candidates
from fluorosam_model.closer_look import both_looks, in_doubt, magnified
from fluorosam_model.mask_threshold import best_dice_logit
from fluorosam_model.naming import likeliest
from fluorosam_model.preprocess import Letterbox, to_input
from fluorosam_model.prompts import MASK_PROMPT_LOGIT, Prompt, Question, questions_of
from fluorosam_model.runtime.backend import (
    MASK_STRIDE,
    PADDING_LABEL,
    Backend,
    Features,
    PromptBatch,
)
from fluorosam_model.sentence_encoder import EMBEDDING_SIZE, SentenceEncoder
from fluorosam_sim.anatomy import STRUCTURES, Structure, structure

MAX_BATCH = 32
_FEW = 3

FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Calibration:
    """score = sigmoid(scale · presence_logit + bias); present when score ≥ threshold."""

    scale: float = 1.0
    bias: float = 0.0
    threshold: float = 0.5

    def score(self, logit: float) -> float:
        """Calibrated probability that the structure is in the image."""
        return 1 / (1 + float(np.exp(-np.clip(self.scale * logit + self.bias, -50, 50))))


@dataclass(frozen=True, eq=False)
class Prediction:
    """The answer to one prompt.

    prompt: the text as it was given, "" without one. structures: keys of the vocabulary that the text names, or that
    clicks or a box without a text seem to mean; empty for anything outside it. present: whether it is in the image.
    score: for text, the calibrated probability that it is present; for points, boxes and masks, where presence is not
    in question, the estimated IoU of the mask; 0 to 1.
    box: (x0, y0, x1, y1) first and last pixel columns and rows of the mask, centroid: (x, y), both in image pixels and
    None when absent. mask: (H, W) bool of the image's size, empty when absent. iou: the model's estimate of the mask's
    IoU. logits: (h, w) float32, the mask before resizing, in model-input space, even when absent.
    """

    prompt: str
    structures: tuple[str, ...]
    present: bool
    score: float
    box: tuple[float, float, float, float] | None
    centroid: tuple[float, float] | None
    mask: BoolArray
    iou: float
    code: int
    logits: FloatArray = field(repr=False)
    letterbox: Letterbox = field(repr=False)

    @cached_property
    def probability(self) -> FloatArray:
        """(H, W) float32 probability that each pixel belongs to the structure, given that it is present."""
        return self.letterbox.plane_to_image(1 / (1 + np.exp(-np.clip(self.logits, -50, 50))))


@dataclass(frozen=True, eq=False)
class Hypotheses:
    """masks: (M, H, W) bool of the image's size. iou: (M,) the model's estimate of each mask's IoU, 0 to 1. chosen:
    number of the one that an answer shows."""

    masks: BoolArray
    iou: FloatArray
    chosen: int


class Predictor:
    """Segments X-ray images. Not meant to be shared by threads: it holds one image at a time."""

    def __init__(
        self,
        backend: Backend,
        sentence_encoder: SentenceEncoder,
        calibration: Calibration | None = None,
        codes: Mapping[str, int] | None = None,
        naming: bool = True,
    ) -> None:
        """codes: the code-book entry that the model reads each structure's name as; with it, free text that the model
        takes for nothing in the vocabulary, or for the other side, is not present. naming: clicks and boxes without a
        text are read as the structure of the vocabulary that fits them best, where one does; without it, as nothing
        but places, for who outlines other things."""
        self.calibration = calibration or Calibration()
        self._backend = backend
        self._sentences = sentence_encoder
        self._meanings: dict[int, list[Structure]] = {}
        for key, code in (codes or {}).items():
            self._meanings.setdefault(code, []).append(structure(key))
        self._naming_wanted = naming
        self._candidates: Candidates | None = None
        self._features: Features | None = None
        self._model_input: FloatArray | None = None
        self._closer: Features | None = None
        self._letterbox: Letterbox | None = None

    @property
    def image_size(self) -> tuple[int, int] | None:
        """(width, height) of the image that is set, or None."""
        return (self._letterbox.width, self._letterbox.height) if self._letterbox else None

    def set_image(self, image: npt.ArrayLike) -> None:
        """Encode an image; every later prompt is about it. See `to_input` for what an image may be.

        Raises ValueError, and keeps the image before, for what is no image.
        """
        model_input, letterbox = to_input(image, self._backend.input_size)
        self._features = self._backend.encode(model_input)
        self._letterbox, self._candidates = letterbox, None
        self._model_input, self._closer = model_input, None

    def predict(
        self,
        prompt: str | None = None,
        points: npt.ArrayLike | None = None,
        point_labels: npt.ArrayLike | None = None,
        box: npt.ArrayLike | None = None,
        mask: BoolArray | None = None,
    ) -> Prediction:
        """Answer one prompt; the arguments are those of `Prompt`.

        Raises ValueError in one sentence for an impossible prompt, RuntimeError before the first image.
        """
        answers = self.predict_prompts([Prompt(prompt, points, point_labels, box, mask)])
        if len(answers) != 1:
            raise ValueError(f"The prompt names {len(answers)} structures; ask for one, or use predict_many.")
        return answers[0]

    def predict_many(self, prompts: Sequence[str]) -> list[Prediction]:
        """Answer texts in one batch: one prediction per structure named, in order ("ribs; heart" gives two)."""
        return self.predict_prompts([Prompt(text) for text in prompts])

    def predict_prompts(self, prompts: Sequence[Prompt]) -> list[Prediction]:
        """Answer prompts of any kind in one batch: one prediction per prompt, or per structure a text names.

        A phrase outside the vocabulary is one prediction without structures; whether it is present, the model says,
        except for tools and empty phrases, which are never present.
        """
        if self._features is None or self._letterbox is None:
            raise RuntimeError("Set an image before prompting.")
        questions = [question for prompt in prompts for question in questions_of(prompt, self._letterbox)]
        if self._naming_wanted:
            questions = [self._named(question) if question.nameless else question for question in questions]
        return [
            self._prediction(question, answer, other, self._letterbox)
            for question, answer, other in self._answered(questions, self._features, closely=True)
        ]

    def _answered(
        self, questions: Sequence[Question], features: Features, closely: bool = False
    ) -> Iterator[tuple[Question, _Answer, _Answer | None]]:
        """Each question with its answer, and the answer about the same structure on the other side if it has one.

        closely: look twice where left and right are in doubt.
        """
        # Where left and right are in doubt the doubt is shared between them, so each is asked for beside the other.
        others = [question.other_side() for question in questions]
        rows = {each.wording: row for row, each in enumerate(questions) if not each.geometric}
        added = {each.wording: each for each in others if each is not None and each.wording not in rows}
        rows |= {wording: len(questions) + row for row, wording in enumerate(added)}
        answers = [
            _Answer(logits[number], float(np.clip(iou[number], 0, 1)), presence, code)
            for number, logits, iou, presence, code in self._decoded([*questions, *added.values()], features)
        ]
        if closely:
            self._look_closer([*questions, *added.values()], answers, rows)
        for question, answer, other in zip(questions, answers[: len(questions)], others, strict=True):
            yield question, answer, answers[rows[other.wording]] if other else None

    def _look_closer(self, questions: Sequence[Question], answers: list[_Answer], rows: Mapping[str, int]) -> None:
        """Puts what both looks at the image make of structures in place of the first's answers where the masks of left
        and right lie over each other. rows: which answer belongs to which wording."""
        mirrored = [question.other_side() for question in questions]
        doubtful = [
            row
            for row, other in enumerate(mirrored)
            if other is not None and in_doubt(answers[row].logits, answers[rows[other.wording]].logits)
        ]
        if not doubtful:
            return
        if self._closer is None:
            assert self._model_input is not None
            self._closer = self._backend.encode(magnified(self._model_input))
        decoded = self._decoded([questions[row] for row in doubtful], self._closer)
        for row, (number, logits, _, _, _) in zip(doubtful, decoded, strict=True):
            answers[row] = replace(answers[row], logits=both_looks(answers[row].logits, logits[number]))

    def _named(self, question: Question) -> Question:
        """Clicks and a box without a text as a question about what they seem to mean, if they mean anything known."""
        candidates = self.candidates()
        before = question.mask_logits if question.before is not None else None
        answered = before > best_dice_logit(before) if before is not None else None
        number = likeliest(candidates, question.points, question.point_labels, answered, question.before)
        if number is None:
            return question
        named = candidates.structures[number]
        # A few clicks can still turn out to mean something else, and the answer before is then no help.
        kept = question.mask_logits is not None and (len(question.points) > _FEW or question.before == named.key)
        mask_logits = question.mask_logits if kept else candidates.logits[number]
        return replace(question, wording=named.name, structure=named, mask_logits=mask_logits)

    def candidates(self) -> Candidates:
        """What the model makes of every name on the image that is set; asked once.

        Raises RuntimeError before the first image.
        """
        if self._features is None or self._letterbox is None:
            raise RuntimeError("Set an image before prompting.")
        if self._candidates is None:
            asked = [question for each in STRUCTURES for question in questions_of(Prompt(each.name), self._letterbox)]
            found = []
            for question, answer, other in self._answered(asked, self._features):
                score = self.calibration.score(answer.presence)
                plane, cut = _plane(question, answer, other)
                mask = plane > cut
                if score >= self.calibration.threshold and mask.any() and question.structure is not None:
                    found.append((question.structure, score, answer.logits, mask))
            size = self._backend.input_size // MASK_STRIDE
            self._candidates = Candidates(
                tuple(each[0] for each in found),
                np.array([each[1] for each in found], np.float32),
                np.array([each[2] for each in found], np.float32).reshape(-1, size, size),
                np.array([each[3] for each in found], bool).reshape(-1, size, size),
            )
        return self._candidates

    def predict_hypotheses(self, prompts: Sequence[Prompt]) -> list[Hypotheses]:
        """All masks that the model has in mind for each of some points, boxes or masks, not just the best."""
        if self._features is None or self._letterbox is None:
            raise RuntimeError("Set an image before prompting.")
        questions = [question for prompt in prompts for question in questions_of(prompt, self._letterbox)]
        found = []
        decoded = self._decoded(questions, self._features)
        for question, (chosen, logits, iou, _, _) in zip(questions, decoded, strict=True):
            masks = np.stack([self._letterbox.plane_to_image(question.within_box(each)) > 0 for each in logits])
            found.append(Hypotheses(masks, iou, chosen))
        return found

    def _decoded(
        self, questions: Sequence[Question], features: Features
    ) -> Iterator[tuple[int, FloatArray, FloatArray, float, int]]:
        """For each question the number of the mask that answers it, all masks (3, h, w) with their estimated IoU (3,),
        the presence logit and the code."""
        for start in range(0, len(questions), MAX_BATCH):
            asked = questions[start : start + MAX_BATCH]
            d = self._backend.decode(features, self._batch(asked))
            for question, logits, iou, presence, code in zip(
                asked, d.mask_logits, d.iou, d.presence_logit, d.code, strict=True
            ):
                yield question.preferred(logits, iou), logits, iou, float(presence), int(code)

    def _prediction(
        self, question: Question, answer: _Answer, other: _Answer | None, letterbox: Letterbox
    ) -> Prediction:
        """other: what was answered about the same structure on the other side, if there is one."""
        logits, iou = answer.logits, answer.iou
        if question.geometric:
            score, present = iou, True
        else:
            refused = question.beyond or self._misread(question, answer.code)
            score = 0.0 if refused else self.calibration.score(answer.presence)
            present = score >= self.calibration.threshold
        mask = np.zeros((letterbox.height, letterbox.width), bool)
        box = centroid = None
        if present:
            plane, cut = _plane(question, answer, other)
            mask = letterbox.plane_to_image(plane) > cut
            box, centroid = mask_extent(mask)
        keys = (question.structure.key,) if question.structure else ()
        # A structure without a single pixel is not there, whatever the presence head says.
        return Prediction(
            question.text, keys, box is not None, score, box, centroid, mask, iou, answer.code, logits, letterbox
        )

    def _misread(self, question: Question, code: int) -> bool:
        """Whether the code that the model reads free text as means nothing, or another side than the text asks for."""
        if question.structure is not None or not self._meanings:
            return False
        asked = {"left", "right"}.intersection(question.wording.split())
        meanings = self._meanings.get(code, [])
        return not any(not asked or meaning.side is None or meaning.side in asked for meaning in meanings)

    def _batch(self, questions: Sequence[Question]) -> PromptBatch:
        count = len(questions)
        points_needed = max(1, *(len(question.points) for question in questions))
        mask_size = self._backend.input_size // MASK_STRIDE
        batch = PromptBatch(
            text=np.zeros((count, EMBEDDING_SIZE), np.float32),
            has_text=np.array([bool(question.wording) for question in questions], np.float32),
            points=np.zeros((count, points_needed, 2), np.float32),
            point_labels=np.full((count, points_needed), PADDING_LABEL, np.float32),
            mask_input=np.zeros((count, 1, mask_size, mask_size), np.float32),
            has_mask=np.array([question.mask_logits is not None for question in questions], np.float32),
        )
        texts = self._sentences.embed([question.wording for question in questions if question.wording])
        batch.text[batch.has_text > 0] = texts
        for row, question in enumerate(questions):
            batch.points[row, : len(question.points)] = question.points
            batch.point_labels[row, : len(question.points)] = question.point_labels
            if question.mask_logits is not None:
                batch.mask_input[row, 0] = question.mask_logits
        return batch


@dataclass(frozen=True, eq=False)
class _Answer:
    """What the decoder says of one question: the mask it prefers (h, w), its estimated IoU, presence, code."""

    logits: FloatArray
    iou: float
    presence: float
    code: int


def _plane(question: Question, answer: _Answer, other: _Answer | None) -> tuple[FloatArray, float]:
    """Logits (h, w) of what is shown, and where they are cut."""
    logits = answer.logits
    # A text is about one structure that is there; clicks and boxes say more exactly how far it reaches.
    cut = 0.0 if question.geometric else best_dice_logit(logits)
    plane = question.within_box(logits)
    if other is not None:  # what may be either side goes to the likelier one
        plane = np.where((logits < 0) & (logits < other.logits), np.float32(-MASK_PROMPT_LOGIT), logits)
    return plane, cut


def mask_extent(
    mask: BoolArray,
) -> tuple[tuple[float, float, float, float] | None, tuple[float, float] | None]:
    """Box (x0, y0, x1, y1) and centroid (x, y) in px of an (H, W) mask, None twice for an empty one."""
    plane = mask.view(np.uint8)
    left, top, width, height = cv2.boundingRect(plane)
    if width == 0:
        return None, None
    moments = cv2.moments(plane[top : top + height, left : left + width], binaryImage=True)
    centroid = left + moments["m10"] / moments["m00"], top + moments["m01"] / moments["m00"]
    return (float(left), float(top), float(left + width - 1), float(top + height - 1)), centroid
