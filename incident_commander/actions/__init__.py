"""What may be done, by whom it is allowed, and the gate that every action passes.

The catalogue says which actions there are and within which bounds, the policy which of them may run where, and the gate
lets an action through only with a valid certificate, a given policy decision and an unused round.
"""
