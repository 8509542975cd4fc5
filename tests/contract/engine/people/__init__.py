"""Stories of those who decide: approvals, cards and their copies, dead letters, repairs."""
