"""State and rules of the emulated Workspace; no HTTP.

It must not know routes, tokens, faults or servers.
"""
