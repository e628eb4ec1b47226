"""One file for each family of resources: the operations on it."""
