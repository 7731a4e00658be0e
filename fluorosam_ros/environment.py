"""What ROS needs to find in the environment when it comes from wheels rather than from a sourced install."""

from __future__ import annotations

import os
import sys
from pathlib import Path

# Process number of whoever started a node: the node ends when that process is gone.
PARENT_VARIABLE = "FLUOROSAM_PARENT"


def share(*parts: str) -> Path:
    """A file or folder of config/, launch/ or urdf/: in the source tree, else where the package was installed.

    Raises FileNotFoundError, in one sentence, when it is in neither.
    """
    source = Path(__file__).resolve().parent.parent
    roots = [source] if (source / "package.xml").is_file() else []
    prefixes = [*os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep), sys.prefix]
    roots += [Path(prefix) / "share" / "fluorosam_ros" for prefix in prefixes if prefix]
    for root in roots:
        if root.joinpath(*parts).exists():
            return root.joinpath(*parts)
    raise FileNotFoundError(
        f"{'/'.join(parts)} of fluorosam_ros is not installed: run `pip install .[ros]` or `colcon build`."
    )


def prepare(environment: dict[str, str] | None = None) -> dict[str, str]:
    """Sets what is missing in an environment (by default this process's) and returns it.

    The wheels' prefix for ament's index; transports that carry images of megabytes; discovery on this machine only,
    so that a twin in a laboratory does not meet another one's C-arm. Whatever is set already stays.
    """
    env: dict[str, str] = os.environ if environment is None else environment  # type: ignore[assignment]
    if (Path(sys.prefix) / "share" / "ament_index").is_dir():
        known = [path for path in env.get("AMENT_PREFIX_PATH", "").split(os.pathsep) if path]
        if sys.prefix not in known:
            env["AMENT_PREFIX_PATH"] = os.pathsep.join([*known, sys.prefix])
    env.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    env.setdefault("FASTDDS_DEFAULT_PROFILES_FILE", str(share("config", "fastdds_images.xml")))
    return env


def state_folder() -> Path:
    """Where logs, dose reports and recordings of this user go unless told otherwise; not made here."""
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "fluorosam"
