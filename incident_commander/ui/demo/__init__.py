"""The executive's page: what an incident would have cost, and what was saved, on runs of a practice company."""
