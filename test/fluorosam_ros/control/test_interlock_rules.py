"""Permission is given late and taken early."""

import pytest

from fluorosam_ros.control.exposure_budget import BudgetConfig, ExposureBudget, Spent
from fluorosam_ros.control.interlock_rules import Interlock, InterlockConfig
from fluorosam_sim.carm import VENDORS, CArmPose

DEVICE = VENDORS["standard"]


@pytest.fixture
def interlock():
    return Interlock(InterlockConfig(DEVICE))


def armed(interlock, now=10.0):
    interlock.observe(CArmPose(), now)
    assert interlock.arm(now).granted
    return interlock


def test_starts_disarmed_and_arms_only_with_a_fresh_state(interlock):
    assert not interlock.armed
    decision = interlock.arm(5.0)
    assert not decision.granted and not interlock.armed and "no state" in decision.reason
    interlock.observe(CArmPose(), 5.0)
    assert not interlock.arm(5.6).granted, "the state is too old"
    assert not interlock.arm(4.9).granted, "a state from the future is none"
    assert interlock.arm(5.4).granted and interlock.armed


def test_a_device_that_does_not_hear_the_interlock_is_not_armed(interlock):
    interlock.observe(CArmPose(), 5.0, hears=False)
    decision = interlock.arm(5.0)
    assert not decision.granted and not interlock.armed and "does not hear" in decision.reason
    interlock.observe(CArmPose(), 5.1)
    assert interlock.arm(5.1).granted


def test_silence_of_the_device_disarms(interlock):
    armed(interlock, 10.0)
    assert interlock.tick(10.49) is None and interlock.armed
    decision = interlock.tick(10.51)
    assert decision is not None and not decision.armed and "500 ms" in decision.reason
    assert interlock.tick(11.0) is None, "said once"
    interlock.observe(CArmPose(), 11.0)
    assert interlock.tick(11.0) is None and not interlock.armed, "does not arm itself again"


def test_emergency_stop_is_latched_until_reset(interlock):
    armed(interlock)
    assert interlock.stop().granted and interlock.emergency_stop and not interlock.armed
    interlock.observe(CArmPose(), 10.1)
    refused = interlock.arm(10.1)
    assert not refused.granted and "Reset" in refused.reason and "on request" in refused.reason
    assert interlock.disarm().granted and interlock.emergency_stop
    assert interlock.reset().granted and not interlock.emergency_stop and not interlock.armed
    assert interlock.arm(10.1).granted


def test_reset_without_a_stop_changes_nothing(interlock):
    armed(interlock)
    assert not interlock.reset().granted and interlock.armed


@pytest.mark.parametrize(
    "pose",
    [
        CArmPose(111.0, 0.0),
        CArmPose(0.0, -51.0),
        CArmPose(0.0, 0.0, (0.0, 0.0, 1003.0)),
        CArmPose(float("nan"), 0.0),
        CArmPose(0.0, 0.0, (float("inf"), 0.0, 0.0)),
    ],
)
def test_a_pose_beyond_the_limits_stops_everything(interlock, pose):
    armed(interlock)
    decision = interlock.observe(pose, 10.1)
    assert decision is not None and decision.emergency_stop and not decision.armed
    assert "beyond its limits" in decision.reason
    assert interlock.observe(pose, 10.2) is None, "said once"


@pytest.mark.parametrize(
    "pose", [CArmPose(110.4, -50.4), CArmPose(0.0, 0.0, (251.5, -251.5, 1001.0)), CArmPose(-110.0, 50.0)]
)
def test_the_limits_have_a_small_tolerance(interlock, pose):
    armed(interlock)
    assert interlock.observe(pose, 10.1) is None and interlock.armed


# --- motion ---------------------------------------------------------------------------------------------------------


def test_a_motion_needs_arming_a_known_place_and_a_target_within_the_limits(interlock):
    target = CArmPose(30.0, 10.0)
    assert "Not armed" in interlock.permit_move(target, 1.0)[0].reason
    armed(interlock)
    decision, way = interlock.permit_move(target, 10.1)
    assert decision.granted and way.distance_mm > 50 and interlock.reason == "Armed on request."
    assert "primary angle" in interlock.permit_move(CArmPose(111.0), 10.1)[0].reason
    assert "not a number" in interlock.permit_move(CArmPose(float("nan")), 10.1)[0].reason
    assert "not known" in interlock.permit_move(target, 11.0)[0].reason, "the last state is too old"


def test_a_collision_at_the_target_or_on_the_way_is_refused(interlock):
    armed(interlock)
    near = CArmPose(0.0, 50.0, (0.0, 100.0, 0.0))
    decision, way = interlock.permit_move(near, 10.1)
    assert not decision.granted and "detector" in decision.reason and "patient" in decision.reason
    assert way.distance_mm < 20
    # Both ends are free, but between them the detector would sweep through the table.
    side = CArmPose(90.0, 0.0, (-200.0, 0.0, 0.0))
    assert not interlock.permit_move(side, 10.1)[0].granted and "table" in interlock.permit_move(side, 10.1)[0].reason


def test_what_is_too_close_may_move_away_but_no_closer(interlock):
    # Within the limits, but nearer than is kept free: as a person may have pushed it.
    close = CArmPose(0.0, 50.0)
    interlock.observe(close, 10.0)
    assert interlock.arm(10.0).granted
    assert interlock.permit_move(CArmPose(0.0, 20.0), 10.1)[0].granted
    assert not interlock.permit_move(CArmPose(0.0, 50.0, (0.0, 30.0, 0.0)), 10.1)[0].granted


def drive(interlock, poses, start=10.0, dt=0.05):
    """Feeds poses at 20 Hz; the first decision they lead to."""
    for n, pose in enumerate(poses):
        now = start + n * dt
        decision = interlock.observe(pose, now, now) or interlock.tick(now)
        if decision:
            return decision
    return None


def turning(speed_deg_s, seconds=1.0, dt=0.05):
    return [CArmPose(speed_deg_s * n * dt) for n in range(int(seconds / dt))]


def test_a_permitted_motion_at_the_devices_speed_is_left_alone(interlock):
    armed(interlock)
    assert interlock.permit_move(CArmPose(30.0), 10.0)[0].granted
    assert drive(interlock, turning(15.0, 2.0)) is None and interlock.armed


@pytest.mark.parametrize(
    ("poses", "reason"),
    [
        (turning(22.0), "22°/s"),
        ([CArmPose()] * 6 + [CArmPose(60.0)] * 6, "turns at"),
        ([CArmPose(0.0, 0.0, (5.5 * n, 0.0, 0.0)) for n in range(20)], "110 mm/s"),
    ],
)
def test_a_motion_too_fast_stops_everything(interlock, poses, reason):
    armed(interlock)
    assert interlock.permit_move(CArmPose(60.0), 10.0)[0].granted
    decision = drive(interlock, poses)
    assert decision and decision.emergency_stop and reason in decision.reason, decision


def test_an_acceleration_beyond_the_limit_stops_everything():
    interlock = armed(Interlock(InterlockConfig(DEVICE, acceleration_deg_s2=40.0)))
    assert interlock.permit_move(CArmPose(60.0), 10.0)[0].granted
    decision = drive(interlock, [CArmPose()] * 8 + turning(15.0))
    assert decision and decision.emergency_stop and "°/s²" in decision.reason


def test_a_motion_that_was_not_asked_for_disarms(interlock):
    armed(interlock)
    decision = drive(interlock, turning(10.0))
    assert decision and not decision.armed and not decision.emergency_stop
    assert "without having asked" in decision.reason


def test_permission_to_move_ends_with_arming(interlock):
    armed(interlock)
    assert interlock.permit_move(CArmPose(60.0), 10.0)[0].granted
    interlock.disarm()
    interlock.observe(CArmPose(), 10.0)
    assert interlock.arm(10.0).granted
    assert "without having asked" in drive(interlock, turning(10.0)).reason


# --- heartbeats -----------------------------------------------------------------------------------------------------


def test_a_node_that_dies_or_falls_silent_ends_the_permission(interlock):
    armed(interlock)
    interlock.heard("guidance", 10.0)
    decision = interlock.died("guidance")
    assert not decision.armed and "guidance has died" in decision.reason
    assert interlock.died("guidance") is None, "said once"
    armed(interlock, 20.0)
    interlock.heard("guidance", 20.0)
    interlock.observe(CArmPose(), 23.1)
    decision = interlock.tick(23.1)
    assert not decision.armed and "guidance" in decision.reason
    assert "guidance" in interlock.arm(23.1).reason, "and it cannot be armed until that is mended"
    interlock.heard("guidance", 23.2)
    assert interlock.arm(23.2).granted


def test_a_death_is_told_also_where_something_else_ended_the_permission_before(interlock):
    armed(interlock)
    interlock.heard("guidance", 10.0)
    assert "no state" in interlock.tick(11.0).reason
    assert "guidance has died" in interlock.died("guidance").reason == interlock.reason
    interlock.heard("guidance", 11.0)
    interlock.stop()
    told = interlock.died("guidance")
    assert told.emergency_stop and "guidance has died" in told.reason
    assert "on request" in interlock.arm(11.0).reason, "what the stop was for is still said"


def test_a_node_that_leaves_in_good_order_ends_nothing(interlock):
    armed(interlock)
    interlock.heard("segmenter", 10.0)
    interlock.left("segmenter")
    interlock.observe(CArmPose(), 19.9)
    assert interlock.tick(20.0) is None and interlock.armed


def test_the_operators_side_has_to_be_heard_where_that_is_wanted():
    interlock = Interlock(InterlockConfig(DEVICE, operator_timeout_s=0.5))
    interlock.observe(CArmPose(), 10.0)
    assert "operator" in interlock.arm(10.0).reason
    interlock.operator(10.0)
    assert interlock.arm(10.1).granted
    interlock.observe(CArmPose(), 10.5)
    assert "operator" in interlock.tick(10.6).reason and not interlock.armed


def test_a_second_sender_of_the_devices_topics_disarms(interlock):
    armed(interlock)
    assert "Two nodes send carm/state" in interlock.intruder("carm/state").reason and not interlock.armed
    assert interlock.intruder("carm/state") is None


# --- exposure -------------------------------------------------------------------------------------------------------


def test_without_a_dose_report_nothing_may_be_exposed(interlock):
    assert "Not armed" in interlock.exposure_refusal
    armed(interlock)
    assert "does not report its dose" in interlock.exposure_refusal
    assert interlock.spent(Spent("a"), 10.0).granted and interlock.exposure_refusal is None
    interlock.observe(CArmPose(), 13.4)
    assert "does not report" in interlock.tick(13.5).reason and interlock.armed, "it may still move"


def test_a_spent_budget_ends_exposure_but_not_motion():
    interlock = armed(Interlock(InterlockConfig(DEVICE, budget=BudgetConfig(dap_gym2=10e-6))))
    interlock.spent(Spent("a"), 10.0)
    assert interlock.spent(Spent("a", 4e-6, 1e-5, 1), 10.1) is None
    decision = interlock.spent(Spent("a", 8e-6, 2e-5, 2), 10.2)
    assert decision and not decision.granted and "budget" in decision.reason and "0.080 of 0.100" in decision.reason
    assert interlock.exposure_refusal and interlock.armed
    assert interlock.permit_move(CArmPose(5.0), 10.2)[0].granted
    assert interlock.spent(Spent("a", 0.0, 0.0, 0), 10.3) is None and interlock.exposure_refusal, "dose never shrinks"
    assert interlock.spent(Spent("b"), 10.3) is None and interlock.exposure_refusal, "no new case while armed"
    interlock.disarm()
    assert interlock.spent(Spent("b"), 10.4).granted


@pytest.mark.parametrize(
    ("limits", "spent", "reason"),
    [
        (BudgetConfig(kerma_gy=1e-3), Spent("a", 0.0, 1e-3, 1), "mGy"),
        (BudgetConfig(shots=3), Spent("a", 0.0, 0.0, 3), "3 shots"),
        (BudgetConfig(fluoro_s=10.0), Spent("a", 0.0, 0.0, 0, 75, 10.0), "10 s of fluoroscopy"),
        (BudgetConfig(shots_per_minute=5), Spent("a", 0.0, 0.0, 5), "wait 60 s"),
    ],
)
def test_every_limit_of_the_budget(limits, spent, reason):
    budget = ExposureBudget(limits)
    budget.observe(Spent("a"), 0.0, True)
    assert budget.refusal(0.0) is None
    budget.observe(spent, 1.0, False)
    assert reason in budget.refusal(1.0)
    budget.config = BudgetConfig(0.0, 0.0, 0, 0, 0.0)
    assert budget.refusal(1.0) is None, "0 switches a limit off"


def test_shots_per_minute_come_back_with_time():
    budget = ExposureBudget(BudgetConfig(shots_per_minute=2))
    budget.observe(Spent("a"), 0.0, True)
    for n, now in enumerate((10.0, 40.0), 1):
        budget.observe(Spent("a", shots=n), now, False)
    assert "wait 15 s" in budget.refusal(55.0)
    assert budget.refusal(70.1) is None
