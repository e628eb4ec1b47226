"""Reasoning: what services of AWS, or local stand-ins, say about an incident, and what asking them took and cost."""
