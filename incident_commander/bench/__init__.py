"""What is measured, and how: each runner prints a table, or with `--json` one JSON object."""
