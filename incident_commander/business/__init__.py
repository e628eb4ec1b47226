"""What the response is worth: figures computed from the ledger, each with where it comes from."""
