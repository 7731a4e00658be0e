"""Reading what was made, by this package and by others."""

from __future__ import annotations

import io
import json
import tarfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import cv2
import numpy as np
import pytest
from pycocotools import mask as coco

from fluorosam_sim.anatomy import structure
from fluorosam_sim.fluoroseg import DatasetConfig, DatasetError, Reader
from fluorosam_sim.fluoroseg.coco import export, tool_category
from fluorosam_sim.tools import TOOLS


def test_any_order_gives_the_same_images(dataset: Path) -> None:
    reader = Reader(dataset)
    keys = [item.key for item in reader]
    assert sorted(keys) == [f"{n:09d}" for n in range(11)]
    for number in (10, 0, 5):
        assert reader[number].key == keys[number]
    with pytest.raises(IndexError, match="11 images"):
        reader[11]


def test_shards_are_webdataset_tars(dataset: Path) -> None:
    """Members of one sample lie together and share what comes before the first dot; times and owners are constants."""
    for path in dataset.glob("*.tar"):
        with tarfile.open(path) as tar:
            entries = tar.getmembers()
            assert {(entry.mtime, entry.uid, entry.gid, entry.mode) for entry in entries} == {(0, 0, 0, 0o644)}
            keys = [entry.name.partition(".")[0] for entry in entries]
            assert [entry.name.partition(".")[2] for entry in entries] == ["png", "masks.json", "json"] * (
                len(keys) // 3
            )
            assert keys == sorted(keys)
            file = tar.extractfile(entries[0])
            assert file is not None
            image = cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_UNCHANGED)
            assert image.dtype == np.uint16 and image.shape == (48, 48)


def test_the_manifest_counts_and_names_everything(dataset: Path, config: DatasetConfig) -> None:
    manifest = Reader(dataset).manifest
    assert sum(manifest["images"].values()) == 11 and len(manifest["shards"]) == config.shards
    assert sum(row["images"] for row in manifest["shards"]) == 11
    statistics = json.loads((dataset / "statistics.json").read_text())
    items = list(Reader(dataset))
    assert statistics["images"] == 11
    assert statistics["masks"] == sum(len(item.record["pixels"]) for item in items)
    assert statistics["tool_masks"] == sum(tool["pixels"] > 0 for item in items for tool in item.record["tools"])
    assert sum(statistics["tools_per_image"].values()) == 11 and statistics["tool_masks"] > 0
    seen = sum("sternum" in item.record["pixels"] for item in items)
    assert statistics["structures"].get("sternum", 0) == statistics["structures"].get("rib_cage", 0) == seen
    for name in ("splits", "patients", "views", "openings", "directions", "kvp", "field_mm"):
        assert sum(statistics[name].values()) == 11, name


def test_the_plots_are_one_picture_of_its_own(dataset: Path) -> None:
    root = ElementTree.fromstring((dataset / "statistics.svg").read_text())
    assert root.tag.endswith("svg")
    text = " ".join(root.itertext())
    assert "11 images" in text and "left kidney" in text
    assert "href" not in (dataset / "statistics.svg").read_text()


@pytest.mark.parametrize(
    ("name", "message"),
    [("manifest.json", "not finished: go on with"), ("dataset.json", "holds no dataset")],
)
def test_what_is_no_whole_dataset_is_refused(tmp_path: Path, dataset: Path, name: str, message: str) -> None:
    for path in dataset.iterdir():
        if path.name not in (name, "manifest.json"):
            (tmp_path / path.name).write_bytes(path.read_bytes())
    with pytest.raises(DatasetError, match=message):
        Reader(tmp_path)


def test_a_shard_that_is_cut_short_is_named(tmp_path: Path, dataset: Path) -> None:
    for path in dataset.iterdir():
        content = path.read_bytes()
        (tmp_path / path.name).write_bytes(content[:2000] if path.suffix == ".tar" else content)
    with pytest.raises(DatasetError, match=r"\.tar is cut short: repair"):
        list(Reader(tmp_path))


def test_coco_export(tmp_path: Path, dataset: Path) -> None:
    reader, out = Reader(dataset), tmp_path / "out" / "coco.json"
    count = export(reader, out, tmp_path / "images")
    values = json.loads(out.read_text())
    assert len(values["categories"]) == 188 + 464 and len(values["images"]) == 11
    assert count == len(values["annotations"]) > 11
    assert [row["id"] for row in values["annotations"]] == list(range(1, count + 1))
    items = {int(item.key): item for item in reader}
    tools = {tool_category(tool.key): tool for tool in TOOLS}
    kinds = {row["id"]: row["supercategory"] for row in values["categories"]}
    seen = set()
    for row in values["annotations"]:
        item = items[row["image_id"]]
        mask = coco.decode(row["segmentation"]).astype(bool)
        if tool := tools.get(row["category_id"]):
            number = [shown["key"] for shown in item.record["tools"]].index(tool.key)
            assert kinds[row["category_id"]] == tool.kind and (mask == item.tool_mask(number)).all()
            seen.add((item.key, tool.key))
        else:
            assert (mask == item.mask(structure(row["category_id"]).members)).all()
        assert row["area"] == mask.sum() and row["bbox"] == coco.toBbox(row["segmentation"]).tolist()
    shown = {(i.key, tool["key"]) for i in items.values() for tool in i.record["tools"] if tool["pixels"]}
    assert seen == shown and shown
    name = values["images"][0]["file_name"]
    image = cv2.imread(str(tmp_path / "images" / name), cv2.IMREAD_UNCHANGED)
    assert (image == items[int(name.partition(".")[0])].image).all()
    assert [path.name for path in out.parent.iterdir()] == ["coco.json"]


def test_a_damaged_image_is_named(dataset: Path) -> None:
    from fluorosam_sim.fluoroseg import record

    good = next(iter(Reader(dataset)))
    png = record.encode_image(good.image)
    masks = record.json_bytes({"size": [48, 48], "counts": {}, "tools": list(good.tool_counts)})
    text = record.json_bytes(dict(good.record))
    more = record.json_bytes({"size": [48, 48], "counts": {}, "tools": [*good.tool_counts, "0"]})
    assert record.decode("7", {"png": png, "masks.json": masks, "json": text}).labels == ()
    eight_bit = io.BytesIO(cv2.imencode(".png", np.zeros((48, 48), np.uint8))[1].tobytes()).getvalue()
    for broken in ({"png": b"no"}, {"png": eight_bit}, {"masks.json": b"{"}, {"masks.json": more}, {"json": b""}):
        with pytest.raises(DatasetError, match="Image 7"):
            record.decode("7", {"png": png, "masks.json": masks, "json": text} | broken)
