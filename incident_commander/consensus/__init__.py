"""Five voters, their signed ballots, and the certificate without which nothing acts.

With at most f arbitrary voters there are never certificates for two conflicting plans of one round, and none without
honest support. That says nothing about whether the plan is right: voters can be wrong together. Voters that live in
one process share its fate: whoever controls that process holds every key.
"""
