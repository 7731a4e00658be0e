"""The head CT of Debian's package, from a project file made here in its form."""

from __future__ import annotations

import io
import plistlib
import tarfile
from pathlib import Path

import numpy as np
import pytest

from fluorosam_sim.patients import PatientError, load_patient, packaged
from fluorosam_sim.patients.invesalius import read_inv3

SHAPE = (12, 20, 16)  # slices, rows, columns


def project(path: Path, **changes: object) -> Path:
    """A head of water in a shell, one-sided bone in front on the left, and a board that the mask takes in, too."""
    hu = np.full(SHAPE, -1000, np.int16)
    hu[2:, 6:18, 3:13] = 40
    hu[2:, 14:17, 9:12] = 900
    hu[:, 1, 5:8] = 700
    mask = np.zeros(tuple(n + 1 for n in SHAPE), np.uint8)
    mask[1:, 1:, 1:] = np.where(hu > 226, 255, 0)
    # The mask's first planes hold what InVesalius notes there.
    mask[0] = 1
    main: dict[str, object] = {
        "modality": "CT",
        "spacing": [1.0, 2.0, 3.0],
        "matrix": {"dtype": "int16", "filename": "matrix.dat", "shape": list(SHAPE)},
        "masks": {"0": "mask_0.plist"},
    }
    main |= changes
    members = {
        "main.plist": plistlib.dumps(main),
        "mask_0.plist": plistlib.dumps({"mask_file": "mask_0.dat"}),
        "matrix.dat": hu.tobytes(),
        "mask_0.dat": mask.tobytes(),
    }
    with tarfile.open(path, "w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(f"tmpabc/{name}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def test_the_head_is_read_where_the_package_is_and_the_right_way_round(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(packaged, "HEAD_PATH", project(tmp_path / "Cranium.inv3"))
    assert "head" in packaged.installed()
    head = load_patient("head")
    assert head.structures == ("skull",) and head.licence == "GPL-2"
    np.testing.assert_allclose(head.spacing_mm, (1, 2, 3))
    x, y, z = head.centroid_mm("skull")
    assert x > 1 and y < -1 and z > 0  # left, in front, towards the head: the board behind is no skull
    assert len(list((tmp_path / "fluorosam").iterdir())) == 1


def test_without_the_package_it_is_said_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packaged, "HEAD_PATH", tmp_path / "missing.inv3")
    assert "head" not in packaged.installed()
    with pytest.raises(PatientError, match="apt install invesalius-examples"):
        load_patient("head")


@pytest.mark.parametrize(
    "changes",
    [
        {"modality": "MRI"},
        {"spacing": [0.0, 1.0, 1.0]},
        {"spacing": [1.0]},
        {"matrix": {"dtype": "int16", "filename": "../matrix.dat", "shape": list(SHAPE)}},
        {"matrix": {"dtype": "int16", "filename": "matrix.dat", "shape": [12, 20, 17]}},
        {"matrix": {"dtype": "int16", "filename": "matrix.dat", "shape": [1 << 40, 1 << 40, 1 << 40]}},
        {"masks": {"0": "none.plist"}},
    ],
    ids=["MRI", "flat", "spacing", "path", "shape", "huge", "mask"],
)
def test_a_faulty_project_gives_one_sentence(tmp_path: Path, changes: dict[str, object]) -> None:
    path = project(tmp_path / "x.inv3", **changes)
    with pytest.raises(PatientError) as caught:
        read_inv3(path)
    assert "\n" not in str(caught.value)


def test_a_truncated_project_gives_one_sentence(tmp_path: Path) -> None:
    path = project(tmp_path / "x.inv3")
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(PatientError, match="InVesalius"):
        read_inv3(path)
