"""The next fire times of schedules: pure functions of the schedule, its anchor and an instant."""

from looply.schedule.interval import latest_fire, next_fire

__all__ = ["latest_fire", "next_fire"]
