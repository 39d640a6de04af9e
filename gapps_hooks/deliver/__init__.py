"""The story of one subject, from outbox to outcome.

It must not know how events arrive, nor who reads the outcome.
"""
