"""Nothing crosses from training into validation."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fluorosam_sim.anatomy import STRUCTURES, held_out_texts, texts
from fluorosam_sim.anatomy.hard_prompts import hard_prompts
from fluorosam_sim.fluoroseg import DatasetConfig, DatasetError, Reader, parse_patients
from fluorosam_sim.fluoroseg.config import DEFAULT_PATIENTS
from fluorosam_sim.fluoroseg.texts import build_table
from fluorosam_sim.patients import is_held_out_patient
from fluorosam_sim.views import is_held_out


def test_no_patient_seed_or_direction_crosses(dataset: Path, bodies: tuple[str, str]) -> None:
    train, val = Reader(dataset, "train"), Reader(dataset, "val")
    assert len(train) and len(val) and len(train) + len(val) == len(Reader(dataset))
    assert {item.record["patient"] for item in train} == {bodies[0]}
    assert {item.record["patient"] for item in val} == {bodies[1]}
    assert {item.record["split"] for item in train} == {"train"}
    chance = [
        {(item.record["seed"], item.record["split"], item.record["index"]) for item in split} for split in (train, val)
    ]
    assert not chance[0] & chance[1] and len(chance[0]) == len(train) and len(chance[1]) == len(val)
    images = [{item.image.tobytes() for item in split} for split in (train, val)]
    assert not images[0] & images[1] and len(images[0]) == len(train)
    for item in train:
        camera = item.record["camera"]
        assert not is_held_out(camera["primary_deg"], camera["secondary_deg"])


def test_no_wording_crosses(dataset: Path) -> None:
    said: dict[str, set[str]] = {"train": set(), "val": set()}
    for split, seen in said.items():
        reader = Reader(dataset, split)  # type: ignore[arg-type]
        table = reader.texts
        for item in reader:
            for kind in ("present", "absent"):
                for number, rows in item.record[kind].items():
                    seen |= {table.text(split, int(number), row).lower() for row in rows}  # type: ignore[arg-type]
            words = table.tool_wordings(split)  # type: ignore[arg-type]
            for shown in item.record["tools"]:
                seen |= {words[shown["key"]][row].lower() for row in shown["texts"]}
            for key, rows in item.record["absent_tools"].items():
                seen |= {words[key][row].lower() for row in rows}
            prompts = table.hard_val if split == "val" else table.hard_train
            seen |= {prompts[row].text.lower() for row in item.record["hard"]}
    assert said["train"] and said["val"] and not said["train"] & said["val"]
    held_out = {text.lower() for s in STRUCTURES for text in held_out_texts(s)}
    held_out |= {prompt.text.lower() for prompt in hard_prompts(held_out=True)}
    trained = {text.lower() for s in STRUCTURES for text in texts(s)} | {p.text.lower() for p in hard_prompts()}
    table = build_table()
    held_out |= {text.lower() for words in table.tool_val.values() for text in words}
    trained |= {text.lower() for words in table.tool_train.values() for text in words}
    assert min(map(len, table.tool_val.values())) >= 4
    assert said["val"] <= held_out and said["train"] <= trained and not held_out & trained


def test_held_out_patients_are_never_trained_on() -> None:
    config = DatasetConfig(100_000, parse_patients(DEFAULT_PATIENTS))
    for number in range(config.shards):
        plan = config.shard(number)
        assert (plan.split == "val") == is_held_out_patient(plan.patient)
    assert {config.shard(number).split for number in range(config.shards)} == {"train", "val"}


def test_paraphrases_join_training_only() -> None:
    table = build_table([("liver", "the thing behind it all")])
    assert table.train[5][-1] == "the thing behind it all" and "the thing behind it all" not in table.val[5]
    assert len(table.train[5]) == len(build_table().train[5]) + 1
    kept = table.val[5][0]
    with pytest.raises(DatasetError, match="kept for validation"):
        build_table([("liver", kept)])
    with pytest.raises(DatasetError, match="kept for validation"):
        build_table([("liver", table.tool_val["pacemaker"][0])])
    with pytest.raises(DatasetError, match="two structures"):
        build_table([("liver", "thing"), ("spleen", "Thing")])


def test_the_table_of_wordings_is_in_the_dataset(dataset: Path) -> None:
    values = json.loads((dataset / "texts.json").read_text())
    assert len(values["structures"]) == 188
    assert values["structures"]["5"]["key"] == "liver" and values["structures"]["5"]["train"][0] == "liver"
    assert Reader(dataset).texts.to_json() == values
