"""A whole training run: text head, dense stage, promptable stage; resumable at any moment."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from torch import Tensor, nn

from fluorosam_model.modeling.efficientnet import EfficientNetLite0
from fluorosam_model.training.batched_prompts import BatchedPrompts
from fluorosam_model.training.batches import Batch, BatchMaker, DeviceBatches, Prefetcher
from fluorosam_model.training.bodies import label_columns, training_patients
from fluorosam_model.training.config import TrainingConfig, load_config
from fluorosam_model.training.dense import dense_step
from fluorosam_model.training.device import pick_device, pick_precision
from fluorosam_model.training.pool import ViewPool, ViewSource, ViewStore
from fluorosam_model.training.promptable import promptable_step
from fluorosam_model.training.prompting import Vocabulary
from fluorosam_model.training.rendering import RenderingProcesses
from fluorosam_model.training.state import RunFolder, RunState
from fluorosam_model.training.text import code_owners, refine_text, train_text, wording_accuracy
from fluorosam_model.training.validation import Validator
from fluorosam_model.training.wordings import held_out_wordings, training_wordings
from fluorosam_sim.patients import load_patient
from fluorosam_sim.patients.names import expand_names

CACHE = Path.home() / ".cache" / "fluorosam"
_LOG_EVERY_S = 20.0
_MAX_GRADIENT_NORM = 1.0
_SMOOTHING = 0.95
_FINAL_LR = 0.01

Step = Callable[[Batch], tuple[Tensor, dict[str, Tensor]]]


def train(config_path: str | Path, run_dir: str | Path | None = None, console: Console | None = None) -> Path:
    """Train what a configuration file describes; returns the run folder (default runs/<name>).

    A folder that already holds a checkpoint is continued; a finished one is left as it is. Raises ConfigError,
    PatientError or ValueError, in one sentence, for a configuration that cannot be used.
    """
    config = load_config(config_path)
    folder = RunFolder(Path(run_dir) if run_dir else Path("runs") / config.name, config)
    _Run(config, folder, console or Console()).go()
    return folder.path


class _Run:
    def __init__(self, config: TrainingConfig, folder: RunFolder, console: Console) -> None:
        self.config, self.folder, self.console = config, folder, console
        if config.threads:
            torch.set_num_threads(config.threads)
        self.device = pick_device(config.device)
        self.dtype = pick_precision(config.precision, self.device)
        torch.manual_seed(config.seed)
        self.train_texts = training_wordings(CACHE, lambda i, n: self.say(f"embedding wordings {i}/{n}"))
        self.held_out_texts = held_out_wordings(CACHE)
        size, data = config.model.image_size, config.data
        self.store = ViewStore(data.pool_views, size, shared=data.renderers > 0, writers=max(data.renderers, 1))
        patients = training_patients(data.patients)
        self.labels, names = label_columns(patients)
        self.vocabulary = Vocabulary(names)
        self.state = RunState(config, names, self.device)
        backbone = self.state.model.image_encoder.backbone
        if isinstance(backbone, EfficientNetLite0):
            backbone.freeze(config.frozen_blocks)
        if folder.last.is_file():
            self.state.load(folder.last)
            self.say(f"continuing in stage {self.state.stage} after {self.state.elapsed_s / 60:.1f} min")
        elif config.start_from:
            self.state.start_from(config.start_from)
            self.say(f"starting from {config.start_from}")
        # Continued runs go on with other views instead of repeating the first ones.
        seed = config.seed + 1000 * self.state.step
        needed = data.renderers > 0 and self.state.stage != "done"
        self.renderers = RenderingProcesses(data, self.store, seed) if needed else None
        options = data.preview, data.renderer, data.synthetic_share, size
        others = [load_patient(name) for name in expand_names(config.validation.patients)]
        held_out = ViewSource(others, config.validation.seed, True, *options)
        self.validator = Validator(
            held_out,
            config.validation.views,
            config.validation.seed,
            self.labels,
            self.vocabulary,
            self.train_texts,
            self.held_out_texts,
        )
        del held_out
        self.pool = None
        if not data.renderers:
            self.pool = ViewPool(ViewSource(patients, seed, False, *options, data.active_bodies), self.store)
        self.embeddings = torch.from_numpy(self.train_texts.embeddings).to(self.device)
        self.say(f"{self.device}, {str(self.dtype).removeprefix('torch.')}, {len(self.labels)} labels")

    def say(self, text: str) -> None:
        self.console.print(time.strftime("%H:%M:%S ") + text, highlight=False)

    def go(self) -> None:
        """Whatever stages are left."""
        try:
            self.stages()
        finally:
            if self.renderers:
                self.renderers.stop()

    def stages(self) -> None:
        if self.state.stage == "text":
            self.text_stage()
            self.state.begin_stage("dense")
            self.state.save(self.folder.last)
        if self.state.stage in ("dense", "promptable"):
            self.fill_pool()
        if self.state.stage == "dense":
            self.dense_stage()
            self.state.begin_stage("promptable")
            self.state.save(self.folder.last)
        if self.state.stage == "promptable":
            if self.config.promptable.minutes or self.config.promptable.steps:
                self.promptable_stage()
            else:
                self.state.save(self.folder.best)
            self.state.begin_stage("done")
            self.state.save(self.folder.last)
        self.say(f"done: {self.folder.best}")

    def text_stage(self) -> None:
        config, encoder = self.config.text, self.state.model.text_encoder
        rng = np.random.default_rng([self.config.seed, 1])
        start = time.monotonic()

        def report(step: int, log: dict[str, float]) -> None:
            self.folder.log(stage="text", step=step, **log)

        teach = refine_text if self.config.start_from else train_text
        teach(encoder, self.train_texts, config, rng, report)
        owners = code_owners(encoder, self.train_texts)
        scores = {
            "wordings": wording_accuracy(encoder, owners, self.train_texts),
            "held_out_wordings": wording_accuracy(encoder, owners, self.held_out_texts),
        }
        average = self.state.averaged_model.text_encoder
        average.load_state_dict(encoder.state_dict())
        self.folder.log(stage="text", **scores)
        self.say(f"text head in {time.monotonic() - start:.0f} s: {_formatted(scores)}")

    def fill_pool(self) -> None:
        views = self.config.data.initial_views
        with self.progress() as progress:
            task = progress.add_task("rendering views", total=views, note="")
            filler = self.renderers or self.pool
            assert filler is not None
            filler.fill(views, lambda count: progress.update(task, completed=count))

    def dense_stage(self) -> None:
        config, state = self.config.dense, self.state
        groups = [{"params": _trainable(nn.ModuleList([state.model.image_encoder, state.dense])), "lr": config.lr}]
        autocast = self.autocast()
        self.loop(
            torch.optim.AdamW(groups, weight_decay=config.weight_decay, fused=True),
            self.batches(config.batch, self.stage_seed(2)),
            lambda batch: dense_step(state.model.encode, state.dense, batch, autocast),
            (config.minutes, config.steps, config.warmup_steps),
            validate=False,
        )

    def promptable_stage(self) -> None:
        config, state, model = self.config.promptable, self.state, self.state.model
        model.text_encoder.requires_grad_(False)
        encoder = _trainable(nn.ModuleList([model.image_encoder, state.dense]))
        decoder = _trainable(nn.ModuleList([model.prompt_encoder, model.mask_decoder]))
        groups = [{"params": encoder, "lr": config.encoder_lr}, {"params": decoder, "lr": config.lr}]
        autocast = self.autocast()
        self.loop(
            torch.optim.AdamW(groups, weight_decay=config.weight_decay, fused=True),
            self.batches(config.batch, self.stage_seed(3), config.prompts),
            lambda batch: promptable_step(model.encode, model, state.dense, batch, self.embeddings, config, autocast),
            (config.minutes, config.steps, config.warmup_steps),
            validate=True,
        )

    def loop(
        self,
        optimizer: torch.optim.Optimizer,
        source: Prefetcher[Batch] | DeviceBatches,
        step: Step,
        budget: tuple[float, int, int],
        validate: bool,
    ) -> None:
        minutes, steps, warmup = budget
        if not (minutes or steps):
            return
        state, config = self.state, self.config
        if state.optimizer_state:
            optimizer.load_state_dict(state.optimizer_state)
        peak = [group["lr"] for group in optimizer.param_groups]
        if state.optimizer_state:
            peak = [group["peak"] for group in optimizer.param_groups]
        for group, rate in zip(optimizer.param_groups, peak, strict=True):
            group["peak"] = rate
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        smooth: dict[str, Tensor] = {}  # on the device, so that no step waits for them
        now = time.monotonic()
        next_log, next_save = now + _LOG_EVERY_S, now + config.checkpoint_minutes * 60
        next_validation = now + config.validation.every_minutes * 60
        images = 0
        with self.progress() as progress, source as batches:
            task = progress.add_task(state.stage, total=1.0, note="")
            last = time.monotonic()
            while True:
                done = state.step / steps if steps else state.elapsed_s / max(60 * minutes, 1e-9)
                if done >= 1:
                    break
                shape = _FINAL_LR + (1 - _FINAL_LR) * (0.5 + 0.5 * math.cos(math.pi * done))
                for group in optimizer.param_groups:
                    group["lr"] = group["peak"] * shape * min(1.0, (state.step + 1) / max(warmup, 1))
                batch = batches.next().to(self.device, config.model.memory_format)
                state.networks.train()
                state.model.text_encoder.eval()
                optimizer.zero_grad(set_to_none=True)
                loss, log = step(batch)
                loss.backward()
                norm = nn.utils.clip_grad_norm_(parameters, _MAX_GRADIENT_NORM)
                if not torch.isfinite(norm):
                    self.say(f"step {state.step}: the gradient is not finite, step left out")
                else:
                    optimizer.step()
                    state.update_average()
                state.step += 1
                images += len(batch.images)
                for name, value in ((name, value.detach()) for name, value in log.items()):
                    smooth[name] = torch.lerp(value, smooth.get(name, value), _SMOOTHING)
                now = time.monotonic()
                state.elapsed_s += now - last
                last = now
                progress.update(task, completed=min(done, 1.0), note=f"step {state.step}")
                if now >= next_log:
                    values = {name: float(value) for name, value in smooth.items()}
                    rate = images / max(_LOG_EVERY_S + now - next_log, 1e-6)
                    images, next_log = 0, now + _LOG_EVERY_S
                    made = {"images_s": round(rate, 2), "views": self.store.added}
                    self.folder.log(stage=state.stage, step=state.step, **made, **_rounded(values))
                    self.say(
                        f"{state.stage} {done:.1%} step {state.step} {rate:.1f} img/s of {self.store.added} views "
                        f"{_formatted(values)}"
                    )
                if now >= next_save:
                    state.save(self.folder.last, optimizer)
                    next_save = now + config.checkpoint_minutes * 60
                if validate and now >= next_validation:
                    self.validate()
                    next_validation = time.monotonic() + config.validation.every_minutes * 60
        if validate:
            self.validate()
        state.save(self.folder.last, optimizer)

    def validate(self) -> None:
        start = time.monotonic()
        scores = self.validator.score(self.state.averaged_model)
        self.folder.log(stage=self.state.stage, step=self.state.step, validation=_rounded(scores))
        self.say(f"validation in {time.monotonic() - start:.0f} s: {_formatted(scores)}")
        if scores["text_dice"] >= self.state.best:
            self.state.best = scores["text_dice"]
            self.state.save(self.folder.best)

    def stage_seed(self, stage: int) -> tuple[int, ...]:
        return self.config.seed, stage, self.state.step

    def batches(self, size: int, seed: tuple[int, ...], prompts: int = 0) -> Prefetcher[Batch] | DeviceBatches:
        """Batches as the configuration wants them made, while the pool is renewed, with `prompts` of each picture."""
        data = self.config.data

        def renew() -> None:
            if self.renderers:
                self.renderers.check()
            elif self.pool:
                self.pool.renew(data.new_views_per_batch)

        if data.pictures == "device":
            drawn = None
            if prompts:
                drawn = BatchedPrompts(self.vocabulary, self.train_texts, len(self.labels), self.device)
            return DeviceBatches(
                self.store, self.labels, size, seed, data.randomised, drawn, prompts, self.device, renew
            )
        vocabulary, texts = (self.vocabulary, self.train_texts) if prompts else (None, None)
        maker = BatchMaker(self.store, self.labels, size, seed, prompts, vocabulary, texts, data.randomised)

        def make() -> Batch:
            renew()
            return maker.make()

        return Prefetcher(make)

    def autocast(self) -> torch.autocast:
        enabled = self.dtype != torch.float32
        return torch.autocast(self.device.type, self.dtype if enabled else torch.bfloat16, enabled=enabled)

    def progress(self) -> Progress:
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:.0f} %"))
        times = (TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(), TextColumn("{task.fields[note]}"))
        # In a log file a bar that is drawn again and again would bury the lines.
        return Progress(*columns, *times, console=self.console, disable=not self.console.is_terminal)


def _trainable(module: nn.Module) -> list[nn.Parameter]:
    return [parameter for parameter in module.parameters() if parameter.requires_grad]


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 5) for name, value in values.items()}


def _formatted(values: dict[str, float]) -> str:
    return " ".join(f"{name} {value:.3f}" for name, value in values.items())
