"""Algorithms on arrays and domain types: what a metric means, anomalies, forecasts, log patterns, root cause.

Pure and deterministic: no I/O, no state, numpy only. Everything here pickles, since it runs in worker processes.
"""
