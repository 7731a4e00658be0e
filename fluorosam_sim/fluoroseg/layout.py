"""Names of the files in a dataset's folder, and reading the two that say what it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fluorosam_sim.fluoroseg.config import DatasetError

FORMAT = {"format": "fluoroseg", "version": 1}
CONFIG, TEXTS, MANIFEST = "dataset.json", "texts.json", "manifest.json"
STATISTICS, PLOTS = "statistics.json", "statistics.svg"


def read_description(folder: Path) -> dict[str, Any]:
    """What `dataset.json` holds. Raises DatasetError when the folder is no dataset."""
    try:
        values: dict[str, Any] = json.loads((folder / CONFIG).read_bytes())
        if {key: values[key] for key in FORMAT} != FORMAT:
            raise ValueError(values["format"])
    except OSError as error:
        raise DatasetError(f"{folder} holds no dataset ({CONFIG} cannot be read): generate one.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise DatasetError(f"{folder / CONFIG} is damaged or not a dataset's.") from error
    return values


def read_manifest(folder: Path) -> dict[str, Any]:
    """What `manifest.json` holds. Raises DatasetError for a folder that is no finished dataset."""
    path = folder / MANIFEST
    if not path.is_file():
        read_description(folder)
        raise DatasetError(f"The dataset in {folder} is not finished: go on with fluorosam generate {folder} --resume.")
    try:
        values: dict[str, Any] = json.loads(path.read_bytes())
        if {key: values[key] for key in FORMAT} != FORMAT or not isinstance(values["shards"], list):
            raise ValueError(path)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DatasetError(f"{path} is damaged: repair the dataset with --resume.") from error
    return values
