"""The landing page: what this is, and the first steps."""
