from __future__ import annotations

from pathlib import Path

import pytest
import tiny_model

from fluorosam_model.sentence_encoder import SentenceEncoder


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an exported model that answers in a foreseeable way."""
    return tiny_model.write(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def sentence_encoder() -> SentenceEncoder:
    """The shipped text encoder."""
    return SentenceEncoder(threads=1)
