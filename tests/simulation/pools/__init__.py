"""The pools of workflows that a run can draw from."""
