"""/ops: the live console for the one on call."""
