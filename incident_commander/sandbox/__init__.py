"""The practice company: a closed-loop queueing model of a small shop, with faults, remedies, telemetry and alarms."""
