"""What tools are called: enough of it, and nothing that is kept back among what is trained on."""

from __future__ import annotations

from pathlib import Path

from fluorosam_sim.anatomy import STRUCTURES
from fluorosam_sim.anatomy import held_out_texts as structure_held_out
from fluorosam_sim.anatomy import texts as structure_texts
from fluorosam_sim.tools import FAMILIES, TOOLS, family_texts, held_out_texts, texts, tool


def test_every_tool_has_thirty_wordings_and_some_kept_back() -> None:
    for each in TOOLS:
        said = texts(each)
        assert 30 <= len(said) == len({text.lower() for text in said}), each.key
        assert len(held_out_texts(each)) == 8 and not {t.lower() for t in held_out_texts(each)} & {
            t.lower() for t in said
        }
    for family in FAMILIES:
        assert len(family_texts(family)) >= 8, family.key


def test_a_screw_is_called_by_its_size() -> None:
    said = texts(tool("cannulated_screw_7.3x110"))
    for wanted in ("cannulated screw", "cannulated 110 mm screw 7.3 mm", "where is the cannulated screw?"):
        assert wanted in said


def test_the_documentation_shows_every_tool() -> None:
    page = (Path(__file__).parents[3] / "docs" / "tools.md").read_text(encoding="utf-8")
    assert "464 tools" in page and all(each.name in page for each in TOOLS)
    assert (Path(__file__).parents[3] / "docs" / "images" / "tools.jpg").is_file()


def test_no_structure_is_called_like_a_tool() -> None:
    structures = {text.lower() for s in STRUCTURES for text in (*structure_texts(s), *structure_held_out(s))}
    for each in TOOLS:
        said = {text.lower() for text in (*texts(each), *held_out_texts(each))}
        assert not said & structures, each.key
