"""The text head alone: wordings of one structure meet in one code. Needs no picture, so covers the whole vocabulary."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fluorosam_model.modeling.text_encoder import TextEncoder
from fluorosam_model.training.config import TextConfig
from fluorosam_model.training.wordings import UNKNOWN, Wordings

_TEMPERATURE = 0.07
_NOISE = 0.02
_QUANTISED_SHARE = 0.4  # of the steps, at the end
_UNKNOWN_SHARE = 0.15
_NEVER = -1e4


def train_text(
    encoder: TextEncoder,
    wordings: Wordings,
    config: TextConfig,
    rng: np.random.Generator,
    report: Callable[[int, dict[str, float]], None],
    quantised: bool = True,
) -> Tensor:
    """Classify the MLP's output, then start the codebook from the classes' means and pull both together.

    quantised: False leaves the codebook out, to see what it costs. Returns the (UNKNOWN + 1, code_dim) directions, of
    unit length, that the classes were pulled to.
    """
    quantizer = encoder.quantizer
    device = quantizer.codebook.device
    prototypes = nn.Parameter(torch.randn(UNKNOWN + 1, quantizer.codebook.shape[1]).to(device))
    quantise_from = round(config.steps * (1 - _QUANTISED_SHARE)) if quantised else config.steps

    def loss_of(step: int, meaning: Tensor, classes: Tensor) -> Tensor:
        directions = F.normalize(prototypes, dim=1)
        loss = F.cross_entropy(meaning @ directions.t() / _TEMPERATURE, classes)
        if step == quantise_from:
            _start_codebook(encoder, torch.from_numpy(wordings.embeddings).to(device), wordings)
        if step >= quantise_from:
            nearest, code = quantizer(meaning)
            quantizer.follow(meaning.detach(), code)
            commitment = (1 - (meaning * quantizer.codebook[code]).sum(dim=1)).mean()
            loss = loss + F.cross_entropy(nearest @ directions.t() / _TEMPERATURE, classes) + commitment
        return loss

    _fit(encoder, [*encoder.mlp.parameters(), prototypes], wordings, config, rng, loss_of, report)
    return F.normalize(prototypes.detach(), dim=1)


def refine_text(
    encoder: TextEncoder,
    wordings: Wordings,
    config: TextConfig,
    rng: np.random.Generator,
    report: Callable[[int, dict[str, float]], None],
) -> None:
    """Teach the MLP other wordings and leave the codebook as it is, for weights whose decoder knows what a code means.

    A class keeps the codes that most wordings of it have; a wording is right with any of them.
    """
    codebook = encoder.quantizer.codebook
    owners = torch.from_numpy(code_owners(encoder, wordings)).to(codebook.device)

    def loss_of(step: int, meaning: Tensor, classes: Tensor) -> Tensor:
        nearness = (meaning @ codebook.t() / _TEMPERATURE).masked_fill(owners < 0, _NEVER).log_softmax(dim=1)
        return -nearness.masked_fill(owners != classes[:, None], _NEVER).logsumexp(dim=1).mean()

    _fit(encoder, [*encoder.mlp.parameters()], wordings, config, rng, loss_of, report)


def _fit(
    encoder: TextEncoder,
    parameters: list[nn.Parameter],
    wordings: Wordings,
    config: TextConfig,
    rng: np.random.Generator,
    loss_of: Callable[[int, Tensor, Tensor], Tensor],
    report: Callable[[int, dict[str, float]], None],
) -> None:
    """Steps on balanced batches; loss_of: of a step, the batch's unquantised meanings and their classes."""
    device = encoder.quantizer.codebook.device
    embeddings = torch.from_numpy(wordings.embeddings).to(device)
    optimizer = torch.optim.AdamW(parameters, config.lr, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, config.lr, config.steps)
    encoder.train()
    for step in range(config.steps):
        rows, classes = _balanced(wordings, config.batch, rng)
        text = embeddings[rows.to(device)]
        loss = loss_of(step, encoder.project(text + _NOISE * torch.randn_like(text)), classes.to(device))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 100 == 99:
            report(step + 1, {"text_loss": loss.item()})
    encoder.eval()


@torch.no_grad()
def codes_of(encoder: TextEncoder, wordings: Wordings) -> Tensor:
    """(T,) code of every wording."""
    text = torch.from_numpy(wordings.embeddings).to(encoder.quantizer.codebook.device)
    return (encoder.project(text) @ encoder.quantizer.codebook.t()).argmax(dim=1).cpu()


def code_owners(encoder: TextEncoder, wordings: Wordings) -> np.ndarray:
    """(codes,) the class that most training wordings of a code belong to (classes weigh the same); −1 if unused."""
    codes = codes_of(encoder, wordings).numpy()
    votes = np.zeros((len(encoder.quantizer.codebook), UNKNOWN + 1))
    np.add.at(votes, (codes, wordings.owner), 1.0)
    votes /= np.maximum(votes.sum(axis=0), 1)
    return np.where(votes.any(axis=1), votes.argmax(axis=1), -1)


def wording_accuracy(encoder: TextEncoder, owners: np.ndarray, wordings: Wordings) -> float:
    """Share of wordings whose code belongs to their structure."""
    return float((owners[codes_of(encoder, wordings).numpy()] == wordings.owner).mean())


def _balanced(wordings: Wordings, count: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    classes = rng.integers(UNKNOWN, size=count)
    classes[rng.random(count) < _UNKNOWN_SHARE] = UNKNOWN
    rows = np.array([wordings.rows[each][rng.integers(len(wordings.rows[each]))] for each in classes])
    return torch.from_numpy(rows), torch.from_numpy(classes)


@torch.no_grad()
def _start_codebook(encoder: TextEncoder, embeddings: Tensor, wordings: Wordings) -> None:
    meaning = encoder.project(embeddings)
    owner = torch.from_numpy(wordings.owner).to(meaning.device)
    sums = torch.zeros(UNKNOWN + 1, meaning.shape[1], device=meaning.device).index_add_(0, owner, meaning)
    # Spare codes go to what is not in the vocabulary: it has no single meaning.
    spare = meaning[owner == UNKNOWN]
    encoder.quantizer.initialise(meaning, F.normalize(sums, dim=1), spare)
