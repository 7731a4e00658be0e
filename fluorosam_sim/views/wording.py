"""Building views from short rows: both sides at once, and the ways of saying them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fluorosam_sim.anatomy import Side
from fluorosam_sim.views.named import NamedView

MERRILL = "Merrill's Atlas of Radiographic Positioning and Procedures, 14th ed. (2019)"
BONTRAGER = "Bontrager's Textbook of Radiographic Positioning and Related Anatomy, 10th ed. (2020)"
AO = "AO Surgery Reference (AO Foundation)"
SIDES: tuple[Side, Side] = ("left", "right")

AP = ("AP", "anteroposterior", "frontal", "straight AP")
PA = ("PA", "posteroanterior")
LATERAL = ("lateral", "lat", "true lateral")


@dataclass(frozen=True)
class Row:
    """One view, or its two sides.

    shot: what is said for the projection. where: what is said for the part. also: what is enough without the part.
    primary_deg: towards the lateral of the side asked for, when the row has sides; + is LAO otherwise. structures,
    needs: labels; "*" stands for the side, "~" for the other one.
    """

    key: str
    name: str
    site: str
    primary_deg: float
    secondary_deg: float
    field_mm: float
    structures: tuple[str, ...]
    shot: tuple[str, ...]
    where: tuple[str, ...]
    source: str
    needs: tuple[str, ...] | None = None
    sdd_mm: float = 1200.0
    either_way: bool = False
    vertebral: bool = False
    also: tuple[str, ...] = ()


def build(series: str, rows: Iterable[Row], *, sided: bool = False) -> Iterator[NamedView]:
    """The views of some rows; two a row, left then right, when sided."""
    for row in rows:
        for side in SIDES if sided else (None,):
            key, name, primary = row.key, row.name, row.primary_deg
            if side is not None:
                key, name = f"{key}_{side}", f"{side} {name}"
                primary = primary if side == "left" else -primary
            needs = row.structures if row.needs is None else row.needs
            yield NamedView(
                key,
                name,
                series,
                side,
                row.site,
                primary + 0.0,  # no −0
                row.secondary_deg,
                row.field_mm,
                row.sdd_mm,
                _labels(row.structures, side),
                _labels(needs, side),
                row.vertebral,
                row.either_way,
                tuple(_phrases(row, side)),
                row.source,
            )


def _labels(names: tuple[str, ...], side: Side | None) -> tuple[str, ...]:
    if side is None:
        return names
    return tuple(name.replace("*", side).replace("~", SIDES[side == "left"]) for name in names)


def _phrases(row: Row, side: Side | None) -> list[str]:
    """Plain forms of every shot and part, some in a sentence; the first is the commonest."""
    found: dict[str, None] = {}
    for where in row.where:
        for shot in row.shot:
            if side is None:
                found.update(dict.fromkeys((f"{shot} {where}", f"{where} {shot}")))
            else:
                found.update(dict.fromkeys((f"{shot} {side} {where}", f"{side} {where} {shot}")))
        shot = row.shot[0]
        part = f"{side} {where}" if side else where
        found.update(dict.fromkeys((f"{shot} view of the {part}", f"{shot} of the {part}")))
    for text in row.also:
        found.update(dict.fromkeys((f"{side} {text}", f"{text} {side}") if side else (text,)))
    return list(found)
