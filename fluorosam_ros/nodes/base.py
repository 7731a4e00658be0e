"""What all nodes share: lifecycle, checked parameters, diagnostics, a spin loop that survives bad input."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor, SetParametersResult
from rclpy.clock import Clock, ClockType
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.signals import SignalHandlerOptions
from std_msgs.msg import Header

from fluorosam_ros.environment import PARENT_VARIABLE, prepare
from fluorosam_ros.qos import EVENTS, HEARTBEAT

HEARTBEAT_HZ = 10.0
OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR


class SetupError(RuntimeError):
    """Why a node cannot be configured or activated, in one sentence."""


@dataclass(frozen=True)
class NodeParameter:
    """A declared parameter. low, high: inclusive range of a number. choices: allowed values of a text.

    setup: takes effect when the node is configured, so it cannot be changed while the node is active.
    """

    name: str
    default: bool | int | float | str | list[float]
    description: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    setup: bool = False

    @property
    def descriptor(self) -> ParameterDescriptor:
        """The ROS descriptor, which also makes rclpy refuse a number out of range."""
        descriptor = ParameterDescriptor(name=self.name, description=self.description)
        if self.choices:
            descriptor.additional_constraints = f"one of {', '.join(self.choices)}"
        if self.low is not None and self.high is not None:
            if isinstance(self.default, float):
                descriptor.floating_point_range = [FloatingPointRange(from_value=self.low, to_value=self.high)]
            else:
                descriptor.integer_range = [IntegerRange(from_value=int(self.low), to_value=int(self.high))]
        return descriptor

    @property
    def kind(self) -> str:
        """What a value of it is, in words."""
        kinds = {bool: "true or false", int: "a whole number", float: "a number with a decimal point", str: "a text"}
        return kinds.get(type(self.default), "a list of numbers with decimal points")

    def refusal(self, value: Any, active: bool) -> str | None:
        """Why this value cannot be taken now, or None."""
        if self.choices and value not in self.choices:
            return f"{self.name} must be one of {', '.join(self.choices)}, not {str(value)[:80]!r}."
        if self.setup and active:
            return f"{self.name} is read when the node is configured: deactivate and clean up the node first."
        return None


AUTOSTART = NodeParameter("autostart", True, "configure and activate without being asked", setup=True)


class ManagedNode(LifecycleNode):
    """A lifecycle node. Subclasses set PARAMETERS and override load, start, stop, unload and diagnose.

    load: on configure, may raise SetupError. start: on activate; subscriptions, services and timers made through
    `keep` are destroyed on deactivate. stop: on deactivate, before that. unload: on cleanup.
    """

    PARAMETERS: tuple[NodeParameter, ...] = ()

    def __init__(self, name: str, overrides: Sequence[Parameter[Any]] = ()) -> None:
        super().__init__(name, parameter_overrides=list(overrides))
        self._declared = {p.name: p for p in (AUTOSTART, *self.PARAMETERS)}
        self._kept: list[tuple[Callable[[Any], Any], Any]] = []
        self._active = False
        self.failure: str | None = None
        for parameter in self._declared.values():
            try:
                self.declare_parameter(parameter.name, parameter.default, parameter.descriptor)
            except (InvalidParameterTypeException, InvalidParameterValueException) as error:
                raise SetupError(str(error)) from error
            refusal = parameter.refusal(self.get_parameter(parameter.name).value, active=False)
            if refusal:
                raise SetupError(refusal)
        # use_sim_time, start_type_description_service, … are rclpy's own
        for unknown in sorted(set(self._parameter_overrides) - set(self._parameters)):
            if not unknown.startswith("qos_overrides."):
                self.get_logger().warning(f"There is no parameter {unknown}; it is ignored.")
        self.add_on_set_parameters_callback(self._check_parameters)
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", EVENTS)
        # Simulated time may stand still: what tells that a node lives goes by the machine's own clock.
        self.steady_clock = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(1.0, self._publish_diagnostics, clock=self.steady_clock)
        if self.value("autostart"):
            self._autostart = self.create_timer(0.0, self._start_itself, clock=self.steady_clock)

    # --- for subclasses ---------------------------------------------------------------------------------------------

    def load(self) -> None:
        """Brings in what the node needs; raises SetupError with one sentence when it cannot."""

    def start(self) -> None:
        """Begins the work: makes subscriptions, services, actions and timers through `keep`."""

    def stop(self) -> None:
        """Ends the work; what `keep` holds is destroyed afterwards."""

    def unload(self) -> None:
        """Lets go of what load brought in."""

    def diagnose(self) -> tuple[bytes, str, dict[str, str]]:
        """(level, one sentence, values) for /diagnostics, once a second while active."""
        return OK, "running", {}

    def parameters_changed(self, values: dict[str, Any]) -> None:
        """Called with the new values after they were checked, before they are stored; SetupError refuses them."""

    def value(self, name: str) -> Any:
        """Value of a declared parameter."""
        return self.get_parameter(name).value

    @property
    def active(self) -> bool:
        """Whether the node is in the lifecycle state active (or about to be)."""
        return self._active

    def keep(self, entity: Any) -> Any:
        """Holds a subscription, service, client, timer, action server or action client until deactivation."""
        kinds: dict[str, Callable[[Any], Any]] = {}
        kinds |= {"Subscription": self.destroy_subscription, "Service": self.destroy_service}
        kinds |= {"Client": self.destroy_client, "Timer": self.destroy_timer, "Publisher": self.destroy_publisher}
        destroy = kinds.get(type(entity).__name__, lambda action: action.destroy())
        self._kept.append((destroy, entity))
        return entity

    def header(self, frame_id: str = "") -> Header:
        """A header stamped now."""
        return Header(stamp=self.get_clock().now().to_msg(), frame_id=frame_id)

    def shut_down(self) -> None:
        """Ends the work and leaves the graph, from any state."""
        with contextlib.suppress(Exception):  # the context may be gone already, and what rclpy raises then varies
            self._halt()
        with contextlib.suppress(Exception):
            self.destroy_node()

    # --- lifecycle --------------------------------------------------------------------------------------------------

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Loads."""
        return self._transition("configure", self.load)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Runs."""
        self._active = True
        result = self._transition("activate", self.start)
        if result != TransitionCallbackReturn.SUCCESS:
            self._halt()
            return result
        beats = self.keep(self.create_publisher(Header, f"heartbeat/{self.get_name()}", HEARTBEAT))
        self.keep(
            self.create_timer(
                1.0 / HEARTBEAT_HZ, lambda: beats.publish(self.header(self.get_name())), clock=self.steady_clock
            )
        )
        return super().on_activate(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stops, releases what was running."""
        result = self._transition("deactivate", self._halt)
        super().on_deactivate(state)
        return result

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Unloads."""
        return self._transition("clean up", self.unload)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stops and unloads from any state."""
        if self._active:
            self._transition("deactivate", self._halt)
        return self._transition("shut down", self.unload)

    def _halt(self) -> None:
        if not self._active:
            return
        self._active = False
        try:
            self.stop()
        finally:
            while self._kept:
                destroy, entity = self._kept.pop()
                destroy(entity)

    def _transition(self, verb: str, work: Callable[[], None]) -> TransitionCallbackReturn:
        try:
            work()
        except Exception as error:  # rclpy would swallow it without a word
            self.failure = f"Cannot {verb}: {error}"
            self.get_logger().error(self.failure)
            if not isinstance(error, SetupError):
                self.get_logger().debug(traceback.format_exc())
            return TransitionCallbackReturn.FAILURE
        return TransitionCallbackReturn.SUCCESS

    def _start_itself(self) -> None:
        self.destroy_timer(self._autostart)
        for transition in (self.trigger_configure, self.trigger_activate):
            if transition() != TransitionCallbackReturn.SUCCESS:
                raise SetupError(self.failure or "The node could not be started.")
        self.get_logger().info("active")

    # --- parameters and diagnostics ---------------------------------------------------------------------------------

    def set_parameters_atomically(self, parameter_list: list[Parameter[Any]]) -> SetParametersResult:
        """As rclpy's, with reasons that name the parameter."""
        for parameter in parameter_list:
            declared = self._declared.get(parameter.name)
            reason = None
            if not self.has_parameter(parameter.name):
                reason = f"There is no parameter {parameter.name[:80]!r}; there are {', '.join(self._declared)}."
            elif declared and Parameter.Type.from_parameter_value(declared.default) != parameter.type_:
                reason = f"{parameter.name} cannot be {str(parameter.value)[:80]!r}: it is {declared.kind}."
            if reason:
                return SetParametersResult(successful=False, reason=reason)
        return super().set_parameters_atomically(parameter_list)

    def _check_parameters(self, parameters: list[Parameter[Any]]) -> SetParametersResult:
        for parameter in parameters:
            declared = self._declared.get(parameter.name)
            refusal = declared.refusal(parameter.value, self._active) if declared else None
            if refusal:
                return SetParametersResult(successful=False, reason=refusal)
        try:
            self.parameters_changed({p.name: p.value for p in parameters})
        except SetupError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

    def _publish_diagnostics(self) -> None:
        level, text, values = self.diagnose() if self._active else (WARN, "not active", {})
        pairs = [KeyValue(key=key, value=value) for key, value in values.items()]
        status = DiagnosticStatus(
            level=level, name=self.get_name(), hardware_id="fluorosam", message=text, values=pairs
        )
        self._diagnostics.publish(DiagnosticArray(header=self.header(), status=[status]))


def run_node(create: Callable[[], ManagedNode], args: list[str] | None = None) -> None:
    """main() of every node: spins until SIGINT or SIGTERM; exits with 1 and one line when the node cannot start."""
    prepare()
    # rclpy's own handlers would invalidate the context before the node can publish its last state.
    rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
    executor = SingleThreadedExecutor()
    ended = threading.Event()

    def end(*_: object) -> None:
        ended.set()
        executor.wake()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    status, node = 0, None
    try:
        node = create()
        executor.add_node(node)
        _spin(executor, node, ended)
    except SetupError as error:
        print(f"error: {error}", file=sys.stderr, flush=True)
        status = 1
    finally:
        if node is not None:
            node.shut_down()
        executor.shutdown(timeout_sec=1.0)
        rclpy.try_shutdown()
    sys.exit(status)


def _spin(executor: SingleThreadedExecutor, node: ManagedNode, ended: threading.Event) -> None:
    """Spins; an exception of one callback is logged and the node goes on (SetupError ends it)."""
    parent = os.environ.get(PARENT_VARIABLE)
    while not ended.is_set():
        if parent and str(os.getppid()) != parent:  # whoever started the graph was killed: do not linger
            return
        try:
            executor.spin_once(timeout_sec=1.0)
        except SetupError:
            raise
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            line = str(error).splitlines()[0] if str(error) else ""
            node.get_logger().error(
                f"{type(error).__name__}: {line} ({os.path.basename(where.filename)}:{where.lineno})"
            )
