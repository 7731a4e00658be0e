"""How much radiation a case may cost, and when no more is permitted."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

_MINUTE_S = 60.0


@dataclass(frozen=True)
class BudgetConfig:
    """Limits of one case; 0 switches a limit off.

    dap_gym2: dose-area product. kerma_gy: air kerma at the interventional reference point. shots: single exposures.
    shots_per_minute: single exposures within any 60 s. fluoro_s: seconds of live fluoroscopy.
    """

    dap_gym2: float = 0.02
    kerma_gy: float = 1.0
    shots: int = 0
    shots_per_minute: int = 60
    fluoro_s: float = 600.0


@dataclass(frozen=True)
class Spent:
    """What a device says that the case has cost so far."""

    case_uid: str = ""
    dap_gym2: float = 0.0
    kerma_gy: float = 0.0
    shots: int = 0
    pulses: int = 0
    fluoro_s: float = 0.0


class ExposureBudget:
    """Counts what was spent. Within a case numbers only grow: a report of less than was seen before changes nothing."""

    def __init__(self, config: BudgetConfig) -> None:
        self.config = config
        self.spent = Spent()
        self._largest = Spent()  # one exposure's share, the largest seen
        self._shots: deque[tuple[float, int]] = deque()

    def observe(self, spent: Spent, now_s: float, new_case_permitted: bool) -> None:
        """Takes note of a report; another case begins with a new account only when that is permitted."""
        if spent.case_uid != self.spent.case_uid and new_case_permitted:
            self.spent, self._largest = spent, Spent()
            self._shots.clear()
            return
        before = self.spent
        new_shots = max(spent.shots - before.shots, 0)
        exposures = new_shots + max(spent.pulses - before.pulses, 0)
        if exposures:
            dap = max(spent.dap_gym2 - before.dap_gym2, 0.0) / exposures
            kerma = max(spent.kerma_gy - before.kerma_gy, 0.0) / exposures
            largest = self._largest
            self._largest = Spent("", max(dap, largest.dap_gym2), max(kerma, largest.kerma_gy))
        if new_shots:
            self._shots.append((now_s, new_shots))
        self.spent = Spent(
            before.case_uid,
            max(spent.dap_gym2, before.dap_gym2),
            max(spent.kerma_gy, before.kerma_gy),
            max(spent.shots, before.shots),
            max(spent.pulses, before.pulses),
            max(spent.fluoro_s, before.fluoro_s),
        )

    def refusal(self, now_s: float) -> str | None:
        """Why no further exposure is permitted, in one sentence that says what to do; None when one is.

        An exposure as large as the largest of the case has to fit into what is left.
        """
        limits, spent, next_ = self.config, self.spent, self._largest
        while self._shots and now_s - self._shots[0][0] > _MINUTE_S:
            self._shots.popleft()
        recent = sum(count for _, count in self._shots)
        raise_it = "raise the interlock's limit or begin a new case"
        if limits.dap_gym2 and spent.dap_gym2 + next_.dap_gym2 > limits.dap_gym2:
            of = f"{spent.dap_gym2 * 1e4:.3f} of {limits.dap_gym2 * 1e4:.3f} Gy·cm²"
            return f"The exposure budget is spent ({of}): {raise_it}."
        if limits.kerma_gy and spent.kerma_gy + next_.kerma_gy > limits.kerma_gy:
            of = f"{spent.kerma_gy * 1e3:.2f} of {limits.kerma_gy * 1e3:.2f} mGy at the reference point"
            return f"The exposure budget is spent ({of}): {raise_it}."
        if limits.shots and spent.shots >= limits.shots:
            return f"The exposure budget is spent ({spent.shots} shots): {raise_it}."
        if limits.fluoro_s and spent.fluoro_s >= limits.fluoro_s:
            return f"The exposure budget is spent ({spent.fluoro_s:.0f} s of fluoroscopy): {raise_it}."
        if limits.shots_per_minute and recent >= limits.shots_per_minute:
            wait_s = _MINUTE_S - (now_s - self._shots[0][0])
            return f"There were {recent} shots within a minute: wait {max(wait_s, 1.0):.0f} s."
        return None
