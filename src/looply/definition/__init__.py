"""What an author writes: the model of a definition, its checks, and its compilation to a `Workflow`. Pure.

`parse_definition` reports every problem with its JSON Pointer; what it returns without errors is executed without
parsing anything.
"""

from looply.definition.choice import OPERATORS, Operator, Rule
from looply.definition.compile import Findings, compile_definition, definition_hash, parse_definition
from looply.definition.cron import Cron, parse_cron
from looply.definition.diff import Change, diff_definitions
from looply.definition.document_shapes import document_shape, trigger_schema, trigger_secrets
from looply.definition.duration import Duration, find_zone, parse_duration, parse_instant
from looply.definition.endings import METADATA
from looply.definition.model import ARRIVE, EACH, START, LogLevel, OnUnknown, Step, Workflow, WorkflowSettings
from looply.definition.retry import RetryPolicy, is_status, matches_status
from looply.definition.schedules import ON_TIME
from looply.definition.schema import definition_schema
from looply.definition.search_fields import search_paths
from looply.definition.settings_schema import SOURCES
from looply.definition.step_settings import (
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
from looply.definition.step_types import STEP_TYPES, StepType
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
