"""The response lifecycle: the only room that knows the order of the ten stages."""
