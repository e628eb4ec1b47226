"""The six agents: what each looks at, and how it votes.

Each of the five voters is a module with two pure functions: `examine(case)` computes the voter's own evidence from the
case, before any plan is known; `judge(plans, findings)` scores the candidate plans by that evidence alone. Both run in
worker processes, so their arguments and results pickle.
"""
