"""What /transparency shows of a recording, as plain values: no I/O, no clock, nothing that must be running."""
