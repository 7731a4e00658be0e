"""The table of wordings that the images of a dataset refer to by number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from fluorosam_sim import anatomy
from fluorosam_sim.anatomy.hard_prompts import HardPrompt, hard_prompts
from fluorosam_sim.fluoroseg.config import DatasetError, Split
from fluorosam_sim.tools import TOOLS
from fluorosam_sim.tools.wordings import held_out_texts as tool_held_out_texts
from fluorosam_sim.tools.wordings import texts as tool_texts


@dataclass(frozen=True, eq=False)
class TextTable:
    """train, val: wordings by structure id, the plain name first in train. tool_train, tool_val: by a tool's key.
    hard_train, hard_val: prompts that get no mask, those answered "instrument" as long as the image shows no tool.
    Nothing of val is in train."""

    train: dict[int, tuple[str, ...]]
    val: dict[int, tuple[str, ...]]
    tool_train: dict[str, tuple[str, ...]]
    tool_val: dict[str, tuple[str, ...]]
    hard_train: tuple[HardPrompt, ...]
    hard_val: tuple[HardPrompt, ...]

    def hard_numbers(self, split: Split, with_tools: bool) -> tuple[int, ...]:
        """Numbers of the hard prompts that an image of a split may refer to, with or without tools in it."""
        prompts = self.hard_val if split == "val" else self.hard_train
        return tuple(n for n, prompt in enumerate(prompts) if not (with_tools and prompt.answer == "instrument"))

    def tool_wordings(self, split: Split) -> dict[str, tuple[str, ...]]:
        """The wordings of tools that a split's images refer to."""
        return self.tool_val if split == "val" else self.tool_train

    def wordings(self, split: Split) -> dict[int, tuple[str, ...]]:
        """The wordings that a split's images refer to."""
        return self.val if split == "val" else self.train

    def text(self, split: Split, structure_id: int, index: int) -> str:
        """One wording."""
        return self.wordings(split)[structure_id][index]

    def to_json(self) -> dict[str, Any]:
        """What `texts.json` holds."""
        rows = {
            str(s.id): {
                "key": s.key,
                "name": s.name,
                "members": list(s.members),
                "train": list(self.train[s.id]),
                "val": list(self.val[s.id]),
            }
            for s in anatomy.STRUCTURES
        }
        tools = {
            tool.key: {
                "name": tool.name,
                "family": tool.family,
                "train": list(self.tool_train[tool.key]),
                "val": list(self.tool_val[tool.key]),
            }
            for tool in TOOLS
        }
        return {
            "structures": rows,
            "tools": tools,
            "hard": {"train": _rows(self.hard_train), "val": _rows(self.hard_val)},
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> TextTable:
        """Reads what `to_json` made."""
        rows = {int(number): row for number, row in values["structures"].items()}
        return cls(
            {number: tuple(row["train"]) for number, row in rows.items()},
            {number: tuple(row["val"]) for number, row in rows.items()},
            {key: tuple(row["train"]) for key, row in values["tools"].items()},
            {key: tuple(row["val"]) for key, row in values["tools"].items()},
            _prompts(values["hard"]["train"]),
            _prompts(values["hard"]["val"]),
        )


def _rows(prompts: Iterable[HardPrompt]) -> list[dict[str, Any]]:
    return [{"text": p.text, "answer": p.answer, "structures": [s.id for s in p.structures]} for p in prompts]


def _prompts(rows: Iterable[dict[str, Any]]) -> tuple[HardPrompt, ...]:
    return tuple(
        HardPrompt(row["text"], row["answer"], tuple(map(anatomy.structure, row["structures"]))) for row in rows
    )


def build_table(paraphrases: Iterable[tuple[str, str]] = ()) -> TextTable:
    """The built-in wordings, and (structure key, wording) paraphrases at the end of the training ones.

    Raises DatasetError for a paraphrase that is kept for validation or that another structure is called.
    """
    train = {s.id: list(anatomy.texts(s)) for s in anatomy.STRUCTURES}
    val = {s.id: anatomy.held_out_texts(s) for s in anatomy.STRUCTURES}
    tool_train, tool_val = _tool_tables()
    held_out = {text.lower() for table in (val, tool_val) for texts in table.values() for text in texts}
    owner = {text.lower(): number for number, texts in train.items() for text in texts}
    for key, text in paraphrases:
        number = anatomy.structure(key).id
        if text.lower() in held_out:
            raise DatasetError(f"The paraphrase {text!r} is a wording kept for validation: take it out.")
        if owner.setdefault(text.lower(), number) != number:
            raise DatasetError(f"The paraphrase {text!r} is said of two structures: take one out.")
        if text not in train[number]:
            train[number].append(text)
    trained = {number: tuple(texts) for number, texts in train.items()}
    return TextTable(trained, val, tool_train, tool_val, hard_prompts(), hard_prompts(held_out=True))


def _tool_tables() -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    """Wordings of every tool to train on and to test on; one that any tool is trained on is not left to test on."""
    train = {tool.key: tool_texts(tool) for tool in TOOLS}
    trained = {text.lower() for texts in train.values() for text in texts}
    val = {tool.key: tuple(text for text in tool_held_out_texts(tool) if text.lower() not in trained) for tool in TOOLS}
    return train, val
