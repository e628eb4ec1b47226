"""Reading the world: one module for each kind of telemetry source."""
