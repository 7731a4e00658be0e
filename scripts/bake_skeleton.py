"""Bakes the bones of the synthetic patients into fluorosam_sim/patients/data/skeleton.npz.

Two sources, neither needed afterwards:

- package musculoskeletal-models 0.2.4 (MPL-2.0): LLP26, a statistical shape model of the pelvis and the left leg from
  26 subjects. Vertices depend linearly on the shape modes, so a mean and a few modes of every vertex are enough.
- package musclemimic_models 1.0.6 (Apache-2.0; its bone meshes descend from OpenSim's, CC BY 3.0 and MIT): skull, jaw,
  cervical vertebrae, arm, hand and foot of the right side.

Run it in an environment of its own:
    pip install --no-deps musculoskeletal-models==0.2.4 musclemimic_models==1.0.6 gias3.fieldwork gias3.common \
        gias3.learning gias3.mesh
    pip install numpy scipy trimesh scikit-image fast-simplification
    python scripts/bake_skeleton.py
"""

from __future__ import annotations

import importlib.util
import pickle
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import fast_simplification
import numpy as np
import scipy
import trimesh
from scipy import ndimage
from skimage.measure import marching_cubes

OUT = Path(__file__).parents[1] / "fluorosam_sim" / "patients" / "data" / "skeleton.npz"
MODES = 12
# OpenSim's axes (x forward, y up, z right; metres) to DICOM's (x left, y back, z up; millimetres).
OPENSIM_TO_LPS = np.array([[0, 0, -1], [-1, 0, 0], [0, 1, 0]], float) * 1000

FINGER = {"1mc": "metacarpal", "thumbprox": "phalanges_hand", "thumbdist": "phalanges_hand"}
FINGER |= {f"{n}mc": "metacarpal" for n in (2, 3, 4, 5)}
FINGER |= {f"{n}{part}": "phalanges_hand" for n in (2, 3, 4, 5) for part in ("proxph", "midph", "distph")}
CARPALS = ("scaphoid", "lunate", "triquetrum", "pisiform", "trapezium", "trapezoid", "capitate", "hamate")
ARM = {"scapula": "scapula", "clavicle": "clavicula", "humerus": "humerus", "ulna": "ulna", "radius": "radius"}
ARM |= dict.fromkeys(CARPALS, "carpal") | FINGER


def folder_of(package: str) -> Path:
    """Where an installed package lies; it is not imported."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        sys.exit(f"The package {package} is not installed; see this script's first lines.")
    return Path(next(iter(spec.submodule_search_locations)))


def bake_shape_model() -> dict[str, np.ndarray]:
    """Mean, modes (one standard deviation each) and faces of LLP26's seven bones."""
    for name in dir(np):  # gias3 calls numpy's functions by scipy's old aliases
        if not name.startswith("_") and not hasattr(scipy, name):
            setattr(scipy, name, getattr(np, name))
    from gias3.fieldwork.field import geometric_field

    models = folder_of("musculoskeletal") / "models"
    atlas = str(models / "atlas_meshes") + "/"
    with (models / "shape_models" / "LLP26_rigid.pc").open("rb") as file:
        components = pickle.load(file, encoding="latin1")
    mean = np.asarray(components["mean"]).ravel()
    modes = np.asarray(components["modes"])[:, :MODES] * np.sqrt(np.asarray(components["weights"])[:MODES])
    fields = (
        ("pelvis_combined_cubic_mean_rigid_LLP26.geof", "pelvis_combined_cubic_flat", 6),
        ("femur_left_mean_rigid_LLP26.geof", "femur_left_quartic_flat", 8),
        ("patella_left_mean_rigid_LLP26.geof", "patella_11_left", 6),
        ("tibia_fibula_cubic_left_mean_rigid_LLP26.geof", "tibia_fibula_left_cubic_flat", 7),
    )
    bones: dict[str, np.ndarray] = {}
    first = 0
    for part, (geometry, ensemble, density) in enumerate(fields):
        field = geometric_field.load_geometric_field(
            atlas + geometry, f"{atlas}{ensemble}.ens", f"{atlas}{ensemble}.mesh"
        )
        nodes = np.asarray(field.get_field_parameters()).shape[1]

        def vertices(state: np.ndarray, field=field, nodes=nodes, first=first, density=density):  # type: ignore[no-untyped-def]
            field.set_field_parameters(state.reshape(3, -1)[:, first : first + nodes, None])
            return field.triangulate([density, density], merge=True)[:2]

        base, faces = vertices(mean)
        moved = np.stack([vertices(mean + modes[:, m])[0] - base for m in range(MODES)])
        first += nodes
        whole = trimesh.Trimesh(base, faces, process=False)
        groups = trimesh.graph.connected_components(whole.edges, min_len=100)
        groups = sorted(groups, key=lambda g: base[g, 0].mean() if part == 0 else -len(g))
        names = {0: ("hip_right", "sacrum", "hip_left"), 1: ("femur",), 2: ("patella",), 3: ("tibia", "fibula")}[part]
        if part == 3:  # the tibia is the stouter one
            groups = sorted(groups, key=lambda g: -np.prod(np.ptp(base[g], axis=0)))
        for name, group in zip(names, groups, strict=True):
            index = np.full(len(base), -1)
            index[group] = np.arange(len(group))
            own = index[np.asarray(faces)]
            own = own[(own >= 0).all(axis=1)]
            closed = trimesh.Trimesh(base[group], own, process=False)
            print(
                f"{name:10s} {len(group):6d} vertices, watertight {closed.is_watertight}, {closed.volume / 1000:.0f} ml"
            )
            if closed.volume < 0:
                own = own[:, ::-1]
            bones[f"llp_{name}_mean"] = base[group].astype(np.float32)
            bones[f"llp_{name}_modes"] = moved[:, group].astype(np.float16)
            bones[f"llp_{name}_faces"] = own.astype(np.uint16)
    return bones


def remeshed(mesh: trimesh.Trimesh, pitch: float, faces: int) -> tuple[np.ndarray, np.ndarray]:
    """A closed, smooth mesh of about this many faces around the same solid; holes and inner debris go."""
    low = mesh.bounds[0] - 4 * pitch
    shape = np.ceil((mesh.bounds[1] + 4 * pitch - low) / pitch).astype(int)
    surface = np.zeros(shape, bool)
    points, _ = trimesh.sample.sample_surface(mesh, int(mesh.area / pitch**2 * 25), seed=0)
    surface[tuple(np.round((points - low) / pitch).astype(int).T)] = True
    # Fill what the surface encloses: flood from outside through a hull thick enough to close small holes.
    hull = ndimage.binary_dilation(surface, iterations=2)
    outside = ndimage.binary_propagation(
        np.pad(np.zeros(np.array(shape) - 2, bool), 1, constant_values=True), mask=~hull
    )
    solid = ~outside & ~hull
    solid = ndimage.binary_fill_holes(ndimage.binary_dilation(solid, iterations=2, mask=hull) | surface)
    depth = ndimage.distance_transform_edt(solid) - ndimage.distance_transform_edt(~solid)
    depth = ndimage.gaussian_filter(np.clip(depth, -3, 3), 0.8)
    vertices, triangles, _, _ = marching_cubes(depth, 0.5)  # the surface layer is half outside
    full = trimesh.Trimesh(vertices * pitch + low, triangles)
    full = max(full.split(only_watertight=False), key=lambda part: part.area)
    result = full
    # Simplifying sometimes pinches a thin place: then a gentler target, at last none.
    for target in (faces, faces * 1.3, faces * 1.7, faces * 2.5):
        if target >= len(full.faces):
            break
        vertices, triangles = fast_simplification.simplify(
            full.vertices.astype(np.float32), full.faces.astype(np.int32), target_reduction=1 - target / len(full.faces)
        )
        simpler = trimesh.Trimesh(vertices, triangles)
        simpler = max(simpler.split(only_watertight=False), key=lambda part: part.area)
        if simpler.is_watertight:
            result = simpler
            break
    if result.volume < 0:
        result.invert()
    return result.vertices.astype(np.float32), result.faces.astype(np.uint16)


def capped(mesh: trimesh.Trimesh) -> trimesh.Trimesh:
    """The mesh with its open rims (the skull's foramen magnum) closed by fans."""
    edges, counts = np.unique(mesh.edges_sorted, axis=0, return_counts=True)
    rim = edges[counts == 1]
    vertices, faces = mesh.vertices, mesh.faces
    for group in trimesh.graph.connected_components(rim, min_len=3):
        hub = len(vertices)
        vertices = np.vstack([vertices, vertices[group].mean(axis=0)])
        own = rim[np.isin(rim[:, 0], group)]
        faces = np.vstack([faces, np.column_stack([own, np.full(len(own), hub)])])
    return trimesh.Trimesh(vertices, faces)


def arm_origins(model: Path) -> dict[str, np.ndarray]:
    """Mesh origins (m) of the right arm's bones relative to the clavicle's, in the model's zero pose."""
    root = ElementTree.parse(model / "arm" / "assets" / "myoarm_bimanual_body.xml").getroot()
    found: dict[str, np.ndarray] = {}

    def walk(node: ElementTree.Element, at: np.ndarray) -> None:
        for body in node.findall("body"):
            if body.get("name", "").endswith("_l"):
                continue
            own = at + np.array([float(v) for v in body.get("pos", "0 0 0").split()])
            for geom in body.findall("geom"):
                mesh = geom.get("mesh")
                if mesh and mesh.endswith("_r"):
                    found[mesh.removesuffix("_r")] = own
            walk(body, own)

    walk(root, np.zeros(3))
    return {name: at - found["clavicle"] for name, at in found.items()}


def bake_placed_bones() -> dict[str, np.ndarray]:
    """Skull, jaw, cervical vertebrae (head's frame), arm (clavicle's frame) and foot (talus' frame), right side."""
    model = folder_of("musclemimic_models") / "model"
    bones: dict[str, np.ndarray] = {}

    def add(name: str, mesh: trimesh.Trimesh, origin: np.ndarray, pitch: float, faces: int) -> None:
        placed = trimesh.Trimesh((mesh.vertices + origin) @ OPENSIM_TO_LPS.T, mesh.faces)
        if placed.is_watertight and len(placed.faces) < faces:  # only rounded off
            smooth = placed.subdivide_loop(iterations=1)
            vertices, triangles = smooth.vertices.astype(np.float32), smooth.faces.astype(np.uint16)
        else:
            vertices, triangles = remeshed(placed, pitch, faces)
        closed = trimesh.Trimesh(vertices, triangles)
        print(f"{name:28s} {len(triangles):5d} faces, watertight {closed.is_watertight}, {closed.volume / 1000:.1f} ml")
        bones[f"mm_{name}_vertices"], bones[f"mm_{name}_faces"] = vertices, triangles

    def load(name: str) -> trimesh.Trimesh:
        mesh = trimesh.load(model / "meshes" / f"{name}.stl")
        mesh.merge_vertices()
        return mesh

    skull = max(load("hat_skull").split(only_watertight=False), key=lambda part: part.area)
    add("skull", capped(skull), np.zeros(3), 1.0, 9000)
    add("jaw", load("hat_jaw"), np.zeros(3), 0.8, 5000)
    parts = [p for p in load("hat_cervical").split(only_watertight=True) if len(p.faces) > 200]
    for number, part in enumerate(sorted(parts, key=lambda p: -p.bounds[:, 1].mean()), start=1):
        add(f"vertebrae_C{number}", part, np.zeros(3), 0.6, 2500)

    origins = arm_origins(model)
    for source, leaf in ARM.items():
        hand = leaf in ("carpal", "metacarpal", "phalanges_hand")
        pitch, faces = (0.35, 900) if hand else (0.7, 4000)
        add(f"{leaf}__{source}" if hand else leaf, load(source), origins[source], pitch, faces)

    # The foot's parts hang below the talus by fixed offsets.
    calcaneus = np.array([-0.04877, -0.04195, 0.00792])
    toes = calcaneus + np.array([0.1788, -0.002, 0.00108])
    add("tarsal__talus", load("r_talus"), np.zeros(3), 0.6, 1500)
    feet = sorted(load("r_foot").split(only_watertight=False), key=lambda p: p.bounds[:, 2].mean())
    for number, part in enumerate(feet):
        leaf = "metatarsal" if part.bounds[1, 0] > 0.14 else "tarsal"
        add(f"{leaf}__{number}", part, calcaneus, 0.6, 1200)
    for number, part in enumerate(load("r_bofoot").split(only_watertight=False)):
        add(f"phalanges_feet__{number}", part, toes, 0.35, 600)
    return bones


if __name__ == "__main__":
    tables = {**bake_shape_model(), **bake_placed_bones()}
    OUT.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(OUT, **tables)
    print(f"{OUT}: {OUT.stat().st_size / 1e6:.1f} MB")
