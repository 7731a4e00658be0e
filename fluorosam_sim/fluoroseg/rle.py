"""Masks as COCO's compressed run lengths: what pycocotools reads, without needing it.

A mask is walked down its columns, left to right; run lengths alternate between outside and inside, starting outside.
From the fourth run on the difference to the run before last is kept, and each number is cut into groups of five bits,
least first, written as the characters 48 to 111 (bit 5: more groups follow).
This is `rleToString` of COCO's common/maskApi.c.
"""

from __future__ import annotations

import numba as nb
import numpy as np
import numpy.typing as npt


def encode_labels(label_bits: npt.NDArray[np.uint64]) -> dict[int, str]:
    """Run lengths of every label that occurs, from (H, W, words) label sets (see `Rendering`); label 0 is none."""
    # Columns next to each other in memory: the walk is then in order.
    by_column = np.ascontiguousarray(label_bits.transpose(1, 0, 2)).reshape(-1, label_bits.shape[2])
    changes = _count_changes(by_column)
    changes[0] = 0
    starts = np.concatenate([[0], np.cumsum(changes)])
    edges = np.empty(starts[-1], np.int64)
    _fill_changes(by_column, starts, edges)
    pixels = len(by_column)
    found = {}
    for label in np.flatnonzero(changes).tolist():
        inside = edges[starts[label] : starts[label + 1]]
        found[label] = _text(np.diff(inside, prepend=0, append=pixels))
    return found


def encode(mask: npt.NDArray[np.bool_]) -> str:
    """Run lengths of one (H, W) mask."""
    flat = np.ascontiguousarray(mask.T).ravel()
    edges = np.flatnonzero(np.diff(flat, prepend=False))
    return _text(np.diff(edges, prepend=0, append=len(flat)))


def decode(counts: str, height: int, width: int) -> npt.NDArray[np.bool_]:
    """(H, W) mask of run lengths. Raises ValueError when they are damaged or not of this size."""
    try:
        coded = np.frombuffer(counts.encode("ascii"), np.uint8)
    except UnicodeEncodeError:
        coded = np.zeros(1, np.uint8)
    flat = np.zeros(height * width, np.bool_)
    if not _paint(coded, flat):
        raise ValueError(f"The run lengths of a mask are damaged or not of {width} × {height} pixels.")
    return flat.reshape(width, height).T


def count_labels(label_bits: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """(words · 64,) pixels of every label in (H, W, words) label sets."""
    return np.asarray(_count(np.ascontiguousarray(label_bits).reshape(-1, label_bits.shape[2])))


def _text(runs: npt.NDArray[np.int64]) -> str:
    out = np.empty(7 * len(runs), np.uint8)
    return out[: _write(runs, out)].tobytes().decode("ascii")


@nb.njit(nogil=True, cache=True)
def _lowest_bit(word):  # type: ignore[no-untyped-def]
    place = 0
    while not word & np.uint64(1):
        shift = 8 if not word & np.uint64(0xFF) else 1
        word >>= np.uint64(shift)
        place += shift
    return place


@nb.njit(nogil=True, cache=True)
def _count(pixels):  # type: ignore[no-untyped-def]
    words = pixels.shape[1]
    counts = np.zeros(words * 64, np.int64)
    for at in range(pixels.shape[0]):
        for word in range(words):
            left = pixels[at, word]
            while left:
                counts[word * 64 + _lowest_bit(left)] += 1
                left &= left - np.uint64(1)
    return counts


@nb.njit(nogil=True, cache=True)
def _count_changes(pixels):  # type: ignore[no-untyped-def]
    words = pixels.shape[1]
    changes = np.zeros(words * 64, np.int64)
    before = np.zeros(words, np.uint64)
    for at in range(pixels.shape[0]):
        for word in range(words):
            changed = pixels[at, word] ^ before[word]
            if changed:
                before[word] = pixels[at, word]
                while changed:
                    changes[word * 64 + _lowest_bit(changed)] += 1
                    changed &= changed - np.uint64(1)
    return changes


@nb.njit(nogil=True, cache=True)
def _fill_changes(pixels, starts, edges):  # type: ignore[no-untyped-def]
    words = pixels.shape[1]
    following = starts[:-1].copy()
    before = np.zeros(words, np.uint64)
    for at in range(pixels.shape[0]):
        for word in range(words):
            changed = pixels[at, word] ^ before[word]
            if changed:
                before[word] = pixels[at, word]
                while changed:
                    label = word * 64 + _lowest_bit(changed)
                    if label:
                        edges[following[label]] = at
                        following[label] += 1
                    changed &= changed - np.uint64(1)


@nb.njit(nogil=True, cache=True)
def _write(runs, out):  # type: ignore[no-untyped-def]
    at = 0
    for number in range(len(runs)):
        value = runs[number] - (runs[number - 2] if number > 2 else 0)
        more = True
        while more:
            group = value & 0x1F
            value >>= 5
            more = value != -1 if group & 0x10 else value != 0
            out[at] = 48 + (group | (0x20 if more else 0))
            at += 1
    return at


@nb.njit(nogil=True, cache=True)
def _paint(coded, flat):  # type: ignore[no-untyped-def]
    """Fills the runs in; False when the text is damaged."""
    at, number = 0, 0
    place, last, last_but_one = np.int64(0), np.int64(0), np.int64(0)
    while at < len(coded):
        value, shift, more = np.int64(0), 0, True
        while more:
            if at == len(coded) or not 48 <= coded[at] <= 111 or shift > 40:
                return False
            group = np.int64(coded[at]) - 48
            value |= (group & 0x1F) << shift
            shift += 5
            more = group & 0x20 != 0
            if not more and group & 0x10:
                value |= np.int64(-1) << shift
            at += 1
        if number > 2:
            value += last_but_one
        if value < 0 or place + value > len(flat):
            return False
        if number & 1:
            flat[place : place + value] = True
        place += value
        last_but_one, last = last, value
        number += 1
    return place == len(flat)
