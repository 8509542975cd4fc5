"""The fire times of schedules: pure functions of the schedule, its anchor and an instant."""

from looply.schedule.catch_up import DueStart, Missed, Plan, plan
from looply.schedule.cron import Mark, Occurrence
from looply.schedule.fires import delay_of, fires, next_fire
from looply.schedule.overlap import decide_overlap
from looply.schedule.preview import agenda, preview
from looply.schedule.zone_offsets import next_change

__all__ = [
    "DueStart",
    "Mark",
    "Missed",
    "Occurrence",
    "Plan",
    "agenda",
    "decide_overlap",
    "delay_of",
    "fires",
    "next_change",
    "next_fire",
    "plan",
    "preview",
]
