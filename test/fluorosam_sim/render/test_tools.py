"""Tools in the renderer: path lengths against closed forms, displaced tissue, masks, and what is refused."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from fluorosam_sim.carm import VENDORS, CArmPose
from fluorosam_sim.geometry import Projection
from fluorosam_sim.patients import Patient
from fluorosam_sim.render.cpu import CpuRenderer
from fluorosam_sim.render.detector import expose
from fluorosam_sim.render.placed import PlacedTool
from fluorosam_sim.render.renderer import MIN_TOOL_PATH_MM
from fluorosam_sim.render.shadows import Shadows, cast_tools
from fluorosam_sim.render.view import indexed_view
from fluorosam_sim.render.volume import prepare
from fluorosam_sim.tools.materials import ALUMINIUM, STEEL, TITANIUM, Material
from fluorosam_sim.tools.mesh import Mesh

CONFIG = replace(VENDORS["standard"], detector_mm=(120.0, 120.0))


@dataclass(frozen=True, eq=False)
class Piece:
    mesh: Mesh
    material: Material = STEEL


def lathe(profile: np.ndarray, corners: int) -> Mesh:
    """A solid of revolution about z; profile (N, 2) of radius and z, downwards, from and to the axis."""
    angle = 2 * np.pi * np.arange(corners) / corners
    rings = [np.column_stack([r * np.cos(angle), r * np.sin(angle), np.full(corners, z)]) for r, z in profile[1:-1]]
    vertices = np.concatenate([[[0, 0, profile[0, 1]]], *rings, [[0, 0, profile[-1, 1]]]])
    here, there = np.arange(corners), (np.arange(corners) + 1) % corners
    faces = [np.column_stack([np.zeros(corners, int), 1 + here, 1 + there])]
    for ring in range(len(rings) - 1):
        a, b = 1 + ring * corners, 1 + (ring + 1) * corners
        faces += [np.column_stack([a + here, b + here, b + there]), np.column_stack([a + here, b + there, a + there])]
    last = 1 + (len(rings) - 1) * corners
    faces += [np.column_stack([last + here, np.full(corners, len(vertices) - 1), last + there])]
    return Mesh(vertices.astype(np.float32), np.concatenate(faces).astype(np.int32))


def ball(radius: float, rings: int = 96) -> Mesh:
    angle = np.linspace(0, np.pi, rings)
    return lathe(radius * np.column_stack([np.sin(angle), np.cos(angle)]), 2 * rings)


def rod(radius: float, length: float, corners: int = 128) -> Mesh:
    half = length / 2
    return lathe(np.array([[0, half], [radius, half], [radius, -half], [0, -half]]), corners)


def pose(at: tuple[float, float, float] = (0.0, 0.0, 0.0), turn: Rotation | None = None) -> np.ndarray:
    result = np.eye(4)
    result[:3, :3] = (turn or Rotation.identity()).as_matrix()
    result[:3, 3] = at
    return result


def tool(mesh: Mesh, at: tuple[float, float, float] = (0.0, 0.0, 0.0), turn: Rotation | None = None) -> PlacedTool:
    return PlacedTool("test tool", (Piece(mesh),), pose(at, turn))


def shadows(phantom: Patient, projection: Projection, *tools: PlacedTool, sub_rays: int = 1) -> Shadows:
    volume = prepare(phantom)
    return cast_tools(volume, indexed_view(volume, projection), projection, tools, sub_rays)


def central_rays(projection: Projection) -> np.ndarray:
    x, y = np.meshgrid(np.arange(projection.width), np.arange(projection.height))
    return projection.rays(np.column_stack([x.ravel(), y.ravel()]))


VIEWS = [(0, 0), (90, 0), (-37, 25), (0, -89)]


@pytest.mark.parametrize("angles", VIEWS)
def test_a_ball_has_the_chords_of_a_sphere(phantom: Patient, angles: tuple[float, float]) -> None:
    projection = CONFIG.projection(CArmPose(*angles), (61, 61))
    center = np.array([7.0, -11.0, 5.0])
    got = shadows(phantom, projection, tool(ball(15.0), tuple(center))).paths_mm[0].ravel()
    rays = central_rays(projection)
    along = rays @ (center - projection.source_mm)
    squared = 15.0**2 - (np.sum((center - projection.source_mm) ** 2) - along**2)
    expected = 2 * np.sqrt(np.maximum(squared, 0))
    assert np.linalg.norm(got - expected) < 0.005 * np.linalg.norm(expected)
    assert got.max() == pytest.approx(expected.max(), rel=0.005)
    assert not got[squared < 0].any()


@pytest.mark.parametrize("angles", VIEWS)
def test_a_rod_has_the_chords_of_a_cylinder_at_any_angle(phantom: Patient, angles: tuple[float, float]) -> None:
    projection = CONFIG.projection(CArmPose(*angles), (61, 61))
    turn = Rotation.from_euler("xyz", [40, -25, 70], degrees=True)
    got = shadows(phantom, projection, tool(rod(6.0, 40.0), (3.0, 2.0, -4.0), turn)).paths_mm[0].ravel()
    rays = turn.inv().apply(central_rays(projection))
    source = turn.inv().apply(projection.source_mm - (3.0, 2.0, -4.0))
    a, b = (rays[:, :2] ** 2).sum(1), rays[:, :2] @ source[:2]
    root = np.sqrt(np.maximum(b**2 - a * (source[:2] @ source[:2] - 36.0), 0))
    ends = np.sort((np.array([[20.0], [-20.0]]) - source[2]) / rays[:, 2], axis=0)
    expected = np.maximum(np.minimum((-b + root) / a, ends[1]) - np.maximum((-b - root) / a, ends[0]), 0) * (root > 0)
    assert np.linalg.norm(got - expected) < 0.005 * np.linalg.norm(expected)
    assert np.abs(got - expected).max() < 0.02 * expected.max()


def test_turning_tool_and_view_together_changes_nothing(phantom: Patient) -> None:
    mesh = rod(5.0, 30.0)
    first = shadows(phantom, CONFIG.projection(CArmPose(0, 0), (64, 64)), tool(mesh, (10.0, 0.0, 0.0))).paths_mm[0]
    # LAO: the detector swings from the front to the patient's left, and with it the tool.
    turn = Rotation.from_euler("z", 50, degrees=True)
    at = tuple(float(v) for v in turn.apply([10.0, 0.0, 0.0]))
    second = shadows(phantom, CONFIG.projection(CArmPose(50, 0), (64, 64)), tool(mesh, at, turn)).paths_mm[0]
    assert first.max() > 9
    assert (np.abs(first - second) > 1e-3).mean() < 0.002  # pixels on the outline may fall to either side


def test_rays_through_edges_and_vertices_lose_nothing(phantom: Patient) -> None:
    # A detector of odd size sends rays exactly through the corners and along the faces' edges of these solids.
    projection = CONFIG.projection(CArmPose(), (41, 41))
    corners = np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]], np.float32) * 20
    sides = [(0, 2, 4), (2, 1, 4), (1, 3, 4), (3, 0, 4), (2, 0, 5), (1, 2, 5), (3, 1, 5), (0, 3, 5)]
    double = Mesh(corners, np.array(sides, np.int32))
    exact = shadows(phantom, projection, tool(double)).paths_mm[0]
    beside = shadows(phantom, projection, tool(double, (3e-6, 2e-6, 5e-6))).paths_mm[0]
    assert exact[20, 20] == pytest.approx(40.0, abs=1e-4)
    np.testing.assert_allclose(exact, beside, atol=2e-4)


def test_tools_take_the_place_of_tissue(phantom: Patient) -> None:
    wide = replace(CONFIG, detector_mm=(240.0, 240.0))
    renderer, projection = CpuRenderer(phantom), wide.projection(CArmPose(20, 10), (128, 128))
    bare = renderer.render(projection)
    # In water, in bone (the ball of 1200 HU on the left), and in air beside the body.
    tools = [tool(ball(10.0)), tool(ball(8.0), (50.0, 0.0, 30.0)), tool(ball(5.0), (0.0, -85.0, -22.0))]
    got = renderer.render(projection, tools=tools)
    assert got.tool_names == ("test tool",) * 3 and len(got.tool_paths_mm) == 3
    water, bone, air = got.tool_paths_mm
    lost = bare.soft_gcm2 + bare.bone_gcm2 - got.soft_gcm2 - got.bone_gcm2
    in_bone = 0.1 * (1.07 + (1200 - 100) / (1524 - 100) * (1.92 - 1.07))
    expected = water * 0.1 * 1.0179 + bone * in_bone
    alone = (air == 0) & ((water > 0) | (bone > 0))
    np.testing.assert_allclose(lost[alone], expected[alone], atol=0.02 * expected.max())
    assert np.linalg.norm(lost[alone] - expected[alone]) < 0.005 * np.linalg.norm(expected[alone])
    assert np.abs(lost[(air > 0) & (water == 0) & (bone == 0)]).max() < 1e-4
    assert (got.bone_gcm2 < bare.bone_gcm2 - 0.5).any() and got.soft_gcm2.min() >= 0
    np.testing.assert_array_equal(got.label_bits, bare.label_bits)
    np.testing.assert_allclose(got.tool_gcm2[STEEL], (water + bone + air) * 0.1 * STEEL.density_gcm3, rtol=1e-5)


def test_overlapping_tools_displace_once_and_keep_their_own_masks(phantom: Patient) -> None:
    projection = CONFIG.projection(CArmPose(), (48, 48))
    one = shadows(phantom, projection, tool(ball(12.0)))
    two = shadows(phantom, projection, tool(ball(12.0)), tool(ball(12.0)))
    np.testing.assert_allclose(two.displaced_gcm2, one.displaced_gcm2, atol=1e-5)
    np.testing.assert_array_equal(two.paths_mm[0], two.paths_mm[1])
    np.testing.assert_allclose(two.gcm2[STEEL], 2 * one.gcm2[STEEL], rtol=1e-5)


def test_parts_of_several_materials_are_kept_apart(phantom: Patient) -> None:
    shaft = Piece(rod(4.0, 30.0), TITANIUM)
    head = Piece(Mesh((ball(6.0).vertices_mm + np.float32([0, 0, 25])).astype(np.float32), ball(6.0).faces), ALUMINIUM)
    both = PlacedTool("two parts", (shaft, head), pose())
    got = CpuRenderer(phantom).render(CONFIG.projection(CArmPose(), (64, 64)), tools=[both])
    assert set(got.tool_gcm2) == {TITANIUM, ALUMINIUM} and len(got.tool_paths_mm) == 1
    thickness = got.tool_gcm2[TITANIUM] / 0.1 / TITANIUM.density_gcm3
    thickness = thickness + got.tool_gcm2[ALUMINIUM] / 0.1 / ALUMINIUM.density_gcm3
    np.testing.assert_allclose(thickness, got.tool_paths_mm[0], atol=1e-4)


def test_a_wire_thinner_than_a_pixel_is_one_line_in_its_mask(phantom: Patient) -> None:
    wire = tool(rod(0.18, 60.0, 12), turn=Rotation.from_euler("y", 31, degrees=True))
    projection = VENDORS["standard"].projection(CArmPose(), (256, 256))  # 1.6 mm pixels
    got = CpuRenderer(phantom).render(projection, labels=False, tools=[wire])
    mask = got.tool_mask(0)
    np.testing.assert_array_equal(mask, got.tool_paths_mm[0] > MIN_TOOL_PATH_MM)
    pieces, _ = cv2.connectedComponents(mask.astype(np.uint8))
    rows = np.flatnonzero(mask.any(axis=1))
    assert pieces == 2 and len(rows) > 45 and mask.sum() < 2.5 * len(rows)


def test_metal_casts_a_shadow_by_its_material(phantom: Patient) -> None:
    renderer, projection = CpuRenderer(phantom), CONFIG.projection(CArmPose(), (64, 64))

    def seen(material: Material | None) -> float:
        rods = [PlacedTool("rod", (Piece(rod(4.0, 60.0), material),), pose())] if material else []
        rendering = renderer.render(projection, labels=False, tools=rods)
        image = expose(rendering, CONFIG, CONFIG.open_field, np.random.default_rng(0)).astype(float)
        return float(np.median(image[30:34, 31:33]) / np.median(image))

    none, light, middle, heavy = (seen(material) for material in (None, ALUMINIUM, TITANIUM, STEEL))
    assert none > light > middle > heavy and heavy < 0.4 * none


def test_what_lies_outside_the_cone_is_not_met(phantom: Patient) -> None:
    projection = CONFIG.projection(CArmPose(), (32, 32))
    source = projection.source_mm
    beside, behind = tool(ball(5.0), (200.0, 0.0, 0.0)), tool(ball(5.0), tuple(source * 1.2))
    beyond = tool(ball(5.0), (0.0, -(CONFIG.sdd_mm - CONFIG.sod_mm) - 20.0, 0.0))
    for lost in (beside, behind, beyond):
        assert shadows(phantom, projection, lost).paths_mm[0].max() == 0
    # Half before and half behind the detector: its nearer half is met.
    half = tool(ball(5.0), (0.0, -(CONFIG.sdd_mm - CONFIG.sod_mm), 0.0))
    central = CONFIG.projection(CArmPose(), (33, 33))  # of odd size: one ray goes through the middle
    assert shadows(phantom, central, half).paths_mm[0].max() == pytest.approx(5.0, abs=0.1)
    # A rod beside the source that reaches behind it.
    reaching = tool(rod(2.0, 300.0), (6.0, float(source[1]), 0.0), Rotation.from_euler("x", 90, degrees=True))
    got = shadows(phantom, projection, reaching).paths_mm[0]
    assert np.isfinite(got).all() and got.max() < 310 and got[:, :8].max() == 0
    with pytest.raises(ValueError, match="inside test tool"):
        shadows(phantom, projection, tool(ball(5.0), tuple(source)))


def test_broken_tools_are_refused_with_one_sentence() -> None:
    good = ball(5.0, 8)
    with_nan = Mesh(good.vertices_mm.copy(), good.faces)
    with_nan.vertices_mm[3, 1] = np.nan
    scaled, mirrored = np.diag([2.0, 1.0, 1.0, 1.0]), np.diag([-1.0, 1.0, 1.0, 1.0])
    for mesh, where, message in (
        (with_nan, pose(), "not numbers"),
        (Mesh(good.vertices_mm, good.faces[:-1]), pose(), "watertight"),
        (Mesh(good.vertices_mm, good.faces[:, ::-1].copy()), pose(), "inside out"),
        (Mesh(good.vertices_mm[:-1], good.faces), pose(), "vertices it does not have"),
        (Mesh(good.vertices_mm[:, :2], good.faces), pose(), "shapes"),
        (good, scaled, "only turn and shift"),
        (good, mirrored, "only turn and shift"),
        (good, np.full((4, 4), np.nan), "finite"),
    ):
        with pytest.raises(ValueError, match=message):
            PlacedTool("broken", (Piece(mesh),), where)
    with pytest.raises(ValueError, match="no parts"):
        PlacedTool("nothing", (), pose())
    with pytest.raises(ValueError, match="density"):
        PlacedTool("ghost", (Piece(good, replace(STEEL, density_gcm3=0.0)),), pose())
