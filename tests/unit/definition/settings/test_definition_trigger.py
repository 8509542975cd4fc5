"""The settings of the trigger, and of the whole workflow."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from settings_kit import Build, Check, one, with_trigger

from looply.definition import (
    Duration,
    TriggerSettings,
    WorkflowSettings,
)


class TestTrigger:
    def test_a_schedule_is_read_with_its_zone_and_bounds(self, definition: Build) -> None:
        schedule = {"every": "P1D", "start": "2030-01-01T08:00:00+01:00", "end": "2031-01-01T00:00:00Z"}
        findings = with_trigger(
            definition,
            {"trigger_type": "SCHEDULED", "schedule": schedule},
            workflow_settings={"timezone": "Europe/Berlin"},
        )
        assert findings.workflow is not None
        settings = findings.workflow.steps["WorkflowStartState"].settings
        assert isinstance(settings, TriggerSettings)
        assert settings.schedule is not None
        assert settings.schedule.every == Duration(days=1)
        assert settings.schedule.timezone == "Europe/Berlin"
        assert settings.schedule.start == datetime(2030, 1, 1, 7, tzinfo=UTC)
        assert settings.schedule.end == datetime(2031, 1, 1, tzinfo=UTC)

    def test_a_cron_is_read_with_its_rules(self, definition: Build) -> None:
        rules = {"overlap": "queue", "catch_up": "all", "catch_up_window": "PT24H", "dst": "twice", "jitter": "PT5M"}
        findings = with_trigger(
            definition, {"trigger_type": "SCHEDULED", "schedule": {"cron": "0 7 * * MON-FRI", **rules}}
        )
        assert findings.workflow is not None
        settings = findings.workflow.steps["WorkflowStartState"].settings
        assert isinstance(settings, TriggerSettings)
        schedule = settings.schedule
        assert schedule is not None
        assert schedule.cron is not None
        assert schedule.cron.text == "0 7 * * MON-FRI"
        assert (schedule.overlap, schedule.catch_up, schedule.dst) == ("queue", "all", "twice")
        assert (schedule.jitter, schedule.catch_up_window) == (timedelta(minutes=5), timedelta(days=1))

    @pytest.mark.parametrize(
        ("schedule", "path", "message"),
        [
            ({"cron": "*/5 * * * *", "dst": "skip"}, "dst", "no effect on a cron whose minute or hour begins"),
            ({"every": "PT1H", "catch_up": "none", "catch_up_window": "PT2H"}, "catch_up_window", "has no effect"),
        ],
    )
    def test_a_rule_without_effect_is_a_warning(
        self, definition: Build, schedule: dict[str, Any], path: str, message: str
    ) -> None:
        findings = with_trigger(definition, {"trigger_type": "SCHEDULED", "schedule": schedule})
        assert findings.errors == ()
        problem = one(findings.warnings)
        assert problem.path == f"/workflow_steps/0/settings/schedule/{path}"
        assert message in problem.message

    def test_a_schedule_may_state_what_the_engine_does_anyway(self, definition: Build) -> None:
        schedule = {"every": "P1D", "overlap": "skip", "catch_up": "last", "dst": "once", "jitter": "PT0S"}
        findings = with_trigger(definition, {"trigger_type": "SCHEDULED", "schedule": schedule})
        assert (findings.errors, findings.warnings) == ((), ())

    @pytest.mark.parametrize(
        ("settings", "path", "message"),
        [
            ({"trigger_type": "SCHEDULED"}, "", "a scheduled workflow needs a `schedule`"),
            ({"trigger_type": "REQUEST", "schedule": {"every": "PT1H"}}, "/schedule", "has no schedule"),
            ({"trigger_type": "SCHEDULED", "schedule": {}}, "/schedule", "exactly one of `cron` and `every`"),
            (
                {"trigger_type": "SCHEDULED", "schedule": {"every": "PT1H", "cron": "0 8 * * *"}},
                "/schedule",
                "exactly one of `cron` and `every`",
            ),
            ({"trigger_type": "SCHEDULED", "schedule": {"every": "PT0.5S"}}, "/schedule/every", "at least PT1S"),
            ({"trigger_type": "SCHEDULED", "schedule": {"every": "PT0S"}}, "/schedule/every", "longer than zero"),
            (
                {"trigger_type": "SCHEDULED", "schedule": {"every": "PT1H", "dst": "skip"}},
                "/schedule/dst",
                "`dst` is for `cron`",
            ),
            (
                {"trigger_type": "SCHEDULED", "schedule": {"cron": "0 0 30 2 *"}},
                "/schedule/cron",
                "names a day that never occurs; use `L`",
            ),
            (
                {"trigger_type": "SCHEDULED", "schedule": {"every": "PT1H", "jitter": "PT61M"}},
                "/schedule/jitter",
                "must not be longer than the shortest time between two starts, 3600 seconds",
            ),
            (
                {"trigger_type": "SCHEDULED", "schedule": {"cron": "0,10 8 * * *", "jitter": "PT11M"}},
                "/schedule/jitter",
                "must not be longer than the shortest time between two starts, 600 seconds",
            ),
            (
                {"trigger_type": "SCHEDULED", "schedule": {"every": "PT1H", "jitter": "P1D"}},
                "/schedule/jitter",
                "must be hours, minutes and seconds",
            ),
            (
                {"trigger_type": "SCHEDULED", "schedule": {"every": "PT1H", "catch_up_window": "PT9S"}},
                "/schedule/catch_up_window",
                "must be at least PT10S",
            ),
            (
                {"trigger_type": "SCHEDULED", "schedule": {"every": "PT1H", "timezone": "Europe/Berln"}},
                "/schedule/timezone",
                "did you mean 'Europe/Berlin'",
            ),
            (
                {"trigger_type": "SCHEDULED", "schedule": {"every": "PT1H", "start": "today"}},
                "/schedule/start",
                "is not an RFC 3339 time",
            ),
            (
                {"trigger_type": "SCHEDULED", "schedule": {"every": "PT1H", "timezone": "Mars/Base"}},
                "/schedule/timezone",
                "is not an IANA time zone",
            ),
            (
                {
                    "trigger_type": "SCHEDULED",
                    "schedule": {"every": "PT1H", "start": "2030-01-01T00:00:00Z", "end": "2030-01-01T00:00:00Z"},
                },
                "/schedule/end",
                "must be later than `start`",
            ),
        ],
    )
    def test_a_wrong_schedule_is_refused(
        self, definition: Build, settings: dict[str, Any], path: str, message: str
    ) -> None:
        problem = one(with_trigger(definition, settings).errors)
        assert problem.path == f"/workflow_steps/0/settings{path}"
        assert message in problem.message


class TestWorkflowSettings:
    def test_they_have_defaults(self, check_step: Check) -> None:
        findings = check_step("wait")
        assert findings.workflow is not None
        assert findings.workflow.settings == WorkflowSettings()

    def test_they_are_read(self, check: Check) -> None:
        stated = {
            "timeout": "P30D",
            "max_concurrency": 5.0,
            "timezone": "Europe/Berlin",
            "search_fields": ["/payload/output/po"],
            "retention": "P1Y",
            "log": "errors",
            "on_failure": "0190C3B2-0000-7000-8000-000000000001",
        }
        findings = check({"id": "wait_1", "type": "wait"}, workflow_settings=stated)
        assert findings.workflow is not None
        assert findings.workflow.settings == WorkflowSettings(
            timeout=Duration(days=30),
            max_concurrency=5,
            timezone="Europe/Berlin",
            search_fields=("/payload/output/po",),
            retention=Duration(years=1),
            log="errors",
            on_failure="0190C3B2-0000-7000-8000-000000000001",
        )
        assert not findings.warnings

    def test_those_that_say_what_happens_anyway_warn_of_nothing(self, check: Check) -> None:
        findings = check({"id": "wait_1", "type": "wait"}, workflow_settings={"log": "full", "search_fields": []})
        assert not findings.warnings

    @pytest.mark.parametrize(
        ("field", "value", "message"),
        [
            ("timeout", "P30", "is not an ISO 8601 duration"),
            ("timeout", "PT0S", "must be longer than zero"),
            ("timezone", "Berlin", "is not an IANA time zone"),
            ("on_failure", "the other one", "is not a workflow id"),
            ("log", "all", "is not one of"),
        ],
    )
    def test_a_wrong_setting_is_refused(self, check: Check, field: str, value: Any, message: str) -> None:
        problem = one(check({"id": "wait_1", "type": "wait"}, workflow_settings={field: value}).errors)
        assert problem.path == f"/workflow_settings/{field}"
        assert message in problem.message
