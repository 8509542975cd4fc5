"""Much of one thing: stored, waiting and due executions, watchers, branches and items."""
