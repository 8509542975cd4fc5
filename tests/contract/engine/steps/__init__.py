"""Stories of what steps do: effects, timers, schedules, scopes, children, datastores."""
