"""Workflow definitions: their model, their validation, and their compilation to a `Workflow`. Pure.

`parse_definition` reports every problem with its JSON Pointer; the workflow that it returns without errors is executed
without further parsing.
"""

from looply.definition.compile import Findings, compile_definition, definition_hash, parse_definition
from looply.definition.diff import Change, diff_definitions
from looply.definition.graph.document_shapes import document_shape
from looply.definition.graph.model import ARRIVE, EACH, START, LogLevel, OnUnknown, Step, Workflow, WorkflowSettings
from looply.definition.graph.search_fields import search_paths
from looply.definition.graph.trigger import trigger_schema, trigger_secrets
from looply.definition.schemas.schema import definition_schema
from looply.definition.schemas.settings_schema import SOURCES
from looply.definition.schemas.step_types import STEP_TYPES, StepType
from looply.definition.settings.endings import METADATA
from looply.definition.settings.schedules import ON_TIME
from looply.definition.settings.step_settings import (
    AdaptiveCardSettings,
    AdvancedBranch,
    AdvancedConditionalSettings,
    ApprovalSettings,
    Branch,
    BranchConditionalSettings,
    CallSettings,
    CardWait,
    CatchUp,
    ConditionalSettings,
    DatastoreSettings,
    DelaySettings,
    DstRule,
    ForEachSettings,
    JoinSettings,
    Overlap,
    OverridePayloadSettings,
    ParallelBranch,
    ParallelSettings,
    RedirectSettings,
    Schedule,
    StepSettings,
    SubworkflowSettings,
    TerminateSettings,
    TriggerSettings,
    WaitSettings,
)
from looply.definition.values.choice import OPERATORS, Operator, Rule
from looply.definition.values.cron import Cron, parse_cron
from looply.definition.values.duration import Duration, find_zone, parse_duration, parse_instant
from looply.definition.values.retry import RetryPolicy, is_status, matches_status
from looply.errors import Problem

__all__ = [
    "ARRIVE",
    "EACH",
    "METADATA",
    "ON_TIME",
    "OPERATORS",
    "SOURCES",
    "START",
    "STEP_TYPES",
    "AdaptiveCardSettings",
    "AdvancedBranch",
    "AdvancedConditionalSettings",
    "ApprovalSettings",
    "Branch",
    "BranchConditionalSettings",
    "CallSettings",
    "CardWait",
    "CatchUp",
    "Change",
    "ConditionalSettings",
    "Cron",
    "DatastoreSettings",
    "DelaySettings",
    "DstRule",
    "Duration",
    "Findings",
    "ForEachSettings",
    "JoinSettings",
    "LogLevel",
    "OnUnknown",
    "Operator",
    "Overlap",
    "OverridePayloadSettings",
    "ParallelBranch",
    "ParallelSettings",
    "Problem",
    "RedirectSettings",
    "RetryPolicy",
    "Rule",
    "Schedule",
    "Step",
    "StepSettings",
    "StepType",
    "SubworkflowSettings",
    "TerminateSettings",
    "TriggerSettings",
    "WaitSettings",
    "Workflow",
    "WorkflowSettings",
    "compile_definition",
    "definition_hash",
    "definition_schema",
    "diff_definitions",
    "document_shape",
    "find_zone",
    "is_status",
    "matches_status",
    "parse_cron",
    "parse_definition",
    "parse_duration",
    "parse_instant",
    "search_paths",
    "trigger_schema",
    "trigger_secrets",
]
