"""The HTTP face: exact paths, parameters and headers, and nothing decided about the Workspace.

It must not know rules, or on which door it is served.
"""
