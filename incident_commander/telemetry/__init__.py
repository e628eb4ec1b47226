"""Reading the world: one module for each kind of telemetry source.

Nothing is imported here: whoever reads a recorded case needs no client of a live source.
"""
