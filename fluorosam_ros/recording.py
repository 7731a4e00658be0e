"""Recordings of a graph: MCAP files of serialised messages with our own and ROS's message definitions in them.

Messages are stored as they came over DDS, so that nothing is lost or rounded; any MCAP tool reads them. A chunk is
closed with every image and at least every 16 KiB, and goes to the operating system at once: a recorder that is killed
leaves a file that is readable up to its last chunk.
"""

from __future__ import annotations

import importlib
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fluorosam_ros.environment import prepare

_CHUNK_BYTES = 16 * 1024
_METADATA = "fluorosam"
_FIELD = re.compile(r"^\s*(?P<type>[A-Za-z][A-Za-z0-9_/]*)(\[[^\]]*\]|<=\d+)*\s+[a-z]")
_INTEGERS = {f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}
_PRIMITIVES = {"bool", "byte", "char", "float32", "float64", "string", "wstring", *_INTEGERS}


class RecordingError(ValueError):
    """A file that is no recording, or a recording that cannot be written; one sentence."""


@dataclass(frozen=True)
class Recorded:
    """One message: its serialised bytes, and when it came, nanoseconds of the ROS clock."""

    topic: str
    kind: str
    data: bytes
    time_ns: int


def message_type(kind: str) -> Any:
    """The class of "package/msg/Name"; raises RecordingError where it is not installed."""
    package, _, name = kind.split("/")
    try:
        return getattr(importlib.import_module(f"{package}.msg"), name)
    except (ImportError, AttributeError):
        raise RecordingError(f"The message type {kind} is not installed here.") from None


def message_definition(kind: str) -> str:
    """The .msg text of a type and of all that it uses, in the form that rosbag2 and MCAP readers know."""
    texts: dict[str, str] = {}
    waiting = [kind]
    while waiting:
        package, _, name = (this := waiting.pop(0)).split("/")
        if this in texts:
            continue
        texts[this] = _msg_text(package, name)
        for line in texts[this].splitlines():
            found = _FIELD.match(line.split("#")[0])
            field = found["type"] if found else "string"
            if field.split("<")[0] not in _PRIMITIVES:
                parts = field.split("/") if "/" in field else [package, field]
                waiting.append(f"{parts[0]}/msg/{parts[-1]}")
    separator = "=" * 80
    first, *rest = texts.items()
    parts = [first[1]]
    for used, text in rest:
        parts.append(f"{separator}\nMSG: {used.replace('/msg/', '/')}\n{text}")
    return "\n".join(parts)


def _msg_text(package: str, name: str) -> str:
    from ament_index_python.packages import PackageNotFoundError, get_package_share_directory

    prepare()
    try:
        return (Path(get_package_share_directory(package)) / "msg" / f"{name}.msg").read_text()
    except (PackageNotFoundError, OSError):
        raise RecordingError(f"The definition of {package}/msg/{name} is not installed here.") from None


class RecordingWriter:
    """Writes one file. metadata: what a replay has to know."""

    def __init__(self, path: Path, metadata: dict[str, str]) -> None:
        """Raises OSError; RecordingError where the MCAP library is missing."""
        try:
            from mcap.writer import CompressionType, Writer
        except ImportError:
            raise RecordingError("Recording needs the package mcap: run `pip install mcap`.") from None
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path, self.messages = path, 0
        self._file = path.open("xb")
        self._writer = Writer(self._file, chunk_size=_CHUNK_BYTES, compression=CompressionType.LZ4)
        self._writer.start("ros2", "fluorosam")
        self._writer.add_metadata(_METADATA, metadata)
        self._file.flush()
        self._schemas: dict[str, int] = {}
        self._channels: dict[str, int] = {}

    def add_topic(self, topic: str, kind: str, qos: str = "") -> None:
        """Has to come before the first message of a topic. Raises RecordingError for a type without a definition."""
        if kind not in self._schemas:
            text = message_definition(kind).encode()
            self._schemas[kind] = self._writer.register_schema(kind, "ros2msg", text)
        metadata = {"offered_qos_profiles": qos}
        self._channels[topic] = self._writer.register_channel(topic, "cdr", self._schemas[kind], metadata)

    def add(self, topic: str, data: bytes, time_ns: int, published_ns: int) -> None:
        """One message. Raises OSError, for example when the disk is full."""
        self.messages += 1
        self._writer.add_message(self._channels[topic], time_ns, data, published_ns, self.messages)
        self._file.flush()

    def close(self) -> None:
        """Writes the index; without it the file is readable, too."""
        try:
            self._writer.finish()
        finally:
            self._file.close()


class Recording:
    """Reads one file in the order of writing; `messages` may be called again."""

    def __init__(self, path: Path) -> None:
        """Raises RecordingError for what is no recording."""
        self.path = path
        self.metadata: dict[str, str] = {}
        self.complete = False  # known after all messages were read: whether the recorder ended in good order
        self.count = sum(1 for _ in self.messages())

    def messages(self) -> Iterator[Recorded]:
        """All messages; those of an unfinished chunk at the end of a file that breaks off are left out."""
        try:
            from mcap.exceptions import InvalidMagic, McapError
            from mcap.records import Channel, Footer, Message, Metadata, Schema
            from mcap.stream_reader import StreamReader
        except ImportError:
            raise RecordingError("Replaying needs the package mcap: run `pip install mcap`.") from None
        schemas: dict[int, str] = {}
        channels: dict[int, tuple[str, str]] = {}
        started = False
        try:
            with self.path.open("rb") as file:
                records = iter(StreamReader(file, validate_crcs=True).records)
                for record in records:
                    started = True
                    if isinstance(record, Schema):
                        schemas[record.id] = record.name
                    elif isinstance(record, Channel):
                        channels[record.id] = (record.topic, schemas[record.schema_id])
                    elif isinstance(record, Metadata) and record.name == _METADATA:
                        self.metadata = dict(record.metadata)
                    elif isinstance(record, Message):
                        yield Recorded(*channels[record.channel_id], record.data, record.log_time)
                    elif isinstance(record, Footer):
                        self.complete = True
        except OSError as error:
            raise RecordingError(f"{self.path} cannot be read: {error.strerror}.") from error
        except (InvalidMagic, McapError, struct.error, RuntimeError, ValueError, KeyError) as error:
            # What lz4 says of half a chunk is a RuntimeError, a cut length a struct.error.
            if not started:
                raise RecordingError(f"{self.path} is no MCAP recording.") from error
            self.complete = False
