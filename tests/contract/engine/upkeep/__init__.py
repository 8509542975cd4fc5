"""Stories of what keeps an engine whole: crashes, accidents of the store, audits, pruning, folds."""
