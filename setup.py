"""pip's way to the package: the ROS interfaces are built with the CMakeLists.txt that colcon builds, too.

`cmake --install` goes to a staging directory, laid out like any ROS prefix. The staged msg/, srv/ and action/ join the
sources of fluorosam_ros; everything else (typesupport libraries, share/, executables) becomes data_files, which pip
unpacks into the environment's prefix: the same place where the ROS wheels put theirs.

Without the ROS build tools, or with FLUOROSAM_ROS=0, the interfaces are left out: the two lower floors work without.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from setuptools import Extension, find_packages, setup
from setuptools.command.build_ext import build_ext

NAME = "fluorosam_ros"
SOURCE = Path(__file__).resolve().parent
INTERFACE_KINDS = ("msg", "srv", "action")


def why_no_interfaces():
    """One sentence if the ROS interfaces are not to be built here, else None."""
    if os.environ.get("FLUOROSAM_ROS", "1") == "0":
        return "FLUOROSAM_ROS=0"
    if importlib.util.find_spec("rosidl_cmake") is None:
        return "no ROS build tools here (rosidl_cmake cannot be imported)"
    return None


def ros_prefix():
    """Where the ROS wheels are unpacked: the environment, or pip's build overlay."""
    return Path(importlib.util.find_spec("rosidl_cmake").origin).resolve().parents[4]


class RosProject:
    """One CMake project, built into a staging prefix that is kept until its inputs change."""

    def __init__(self, name, source, inputs):
        self.source, self.inputs = source, inputs
        self.build = SOURCE / "build" / f"ros-{sys.implementation.cache_tag}" / name
        self.stage = self.build / "stage"

    def fingerprint(self):
        """Hash of everything that decides what the build yields."""
        digest = hashlib.sha256(f"{sys.version} {Path(__file__).read_text()}".encode())
        for tool in sorted(p.name for p in ros_prefix().glob("lib/python3*/site-packages/ros_kilted_*.dist-info")):
            digest.update(tool.encode())
        for file in sorted(f for path in self.inputs for f in ([path] if path.is_file() else path.rglob("*"))):
            if file.is_file() and file.suffix not in (".pyc", ".so"):
                digest.update(str(file.relative_to(SOURCE)).encode() + file.read_bytes())
        return digest.hexdigest()

    def make(self):
        """Builds unless the staged result is that of the same inputs; returns the staging prefix."""
        stamp, fingerprint = self.build / "fingerprint", self.fingerprint()
        if stamp.is_file() and stamp.read_text() == fingerprint and self.stage.is_dir():
            return self.stage
        stamp.unlink(missing_ok=True)
        shutil.rmtree(self.stage, ignore_errors=True)
        prefix = ros_prefix()
        cache = self.build / "cmake" / "CMakeCache.txt"
        if cache.is_file() and f"{prefix}" not in cache.read_text():  # configured in a build overlay that is gone
            shutil.rmtree(cache.parent)
        paths = [str(prefix), *filter(None, [os.environ.get("AMENT_PREFIX_PATH")])]
        env = {**os.environ, "AMENT_PREFIX_PATH": os.pathsep.join(paths)}
        options = {
            "BUILD_TESTING": "OFF",
            "FLUOROSAM_PIP": "ON",
            "CMAKE_INSTALL_MESSAGE": "NEVER",
            "CMAKE_INSTALL_PREFIX": self.stage,
            "CMAKE_PREFIX_PATH": ";".join(os.pathsep.join(paths).split(os.pathsep)),
            "CMAKE_PROJECT_INCLUDE": SOURCE / "cmake" / "prune_missing_includes.cmake",
            "Python3_EXECUTABLE": sys.executable,
        }
        defines = [f"-D{key}={value}" for key, value in options.items()]
        subprocess.run(["cmake", "-S", self.source, "-B", cache.parent, "-G", "Ninja", *defines], check=True, env=env)
        subprocess.run(["cmake", "--build", cache.parent, "--target", "install"], check=True, env=env)
        stamp.write_text(fingerprint)
        return self.stage


def ros_projects():
    """Our interfaces, and TFMessage where no ROS install brings tf2_msgs."""
    inputs = [
        SOURCE / name
        for name in ("CMakeLists.txt", "package.xml", "cmake", "launch", "config", "urdf", *INTERFACE_KINDS)
    ]
    projects = {NAME: RosProject(NAME, SOURCE, inputs)}
    ament = filter(None, os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep))
    if not any((Path(p) / "share" / "tf2_msgs").is_dir() for p in ament if Path(p) != Path(sys.prefix)):
        projects["tf2_msgs"] = RosProject("tf2_msgs", SOURCE / "cmake" / "tf2_msgs", [SOURCE / "cmake"])
    return projects


class build_interfaces(build_ext):
    """Builds the ROS interfaces in place of a C extension."""

    def build_extension(self, ext):
        reason = why_no_interfaces()
        if reason:
            print(f"fluorosam: ROS interfaces left out: {reason}", file=sys.stderr)
            return
        for name, project in ros_projects().items():
            self.collect(name, project.make())

    def collect(self, name, stage):
        """Puts the staged files where pip (or an editable install) wants them."""
        python = next(stage.glob(f"lib/python3*/*-packages/{name}")).parent
        ours = [
            f
            for f in sorted((python / name).rglob("*"))
            if f.suffix in (".py", ".so")
            and (f.suffix == ".so" or name != NAME or f.relative_to(python / name).parts[0] in INTERFACE_KINDS)
        ]
        # an editable install leaves our own package in the sources; everything else goes to the environment's prefix
        for file in ours:
            where = file.relative_to(python)
            home = SOURCE if self.editable_mode and name == NAME else Path(self.build_lib).resolve()
            if self.editable_mode and name != NAME:
                home = Path(sys.prefix) / python.relative_to(stage)
            copy(file, home / where)
        data = [
            f
            for f in sorted(stage.rglob("*"))
            if f.is_file() and f.relative_to(stage).parts[0] != "include" and python not in f.parents
        ]
        for file in data:
            if self.editable_mode:  # setuptools leaves data_files out of an editable install
                copy(file, Path(sys.prefix) / file.relative_to(stage))
            else:
                self.distribution.data_files.append((str(file.relative_to(stage).parent), [os.path.relpath(file)]))


def copy(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)


setup(
    packages=find_packages(
        include=[f"{name}{rest}" for name in ("fluorosam_sim", "fluorosam_model", NAME) for rest in ("", ".*")]
    ),
    package_data={
        "fluorosam_sim": ["**/data/*.npz"],
        "fluorosam_model": ["weights/*"],
        "fluorosam_ros": ["control/reading.onnx"],
    },
    data_files=[],
    zip_safe=False,
    ext_modules=[Extension(f"{NAME}._interfaces", [], optional=True)],
    cmdclass={"build_ext": build_interfaces},
)
