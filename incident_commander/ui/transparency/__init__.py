"""The engineer's page: why a recorded response should be believed."""
