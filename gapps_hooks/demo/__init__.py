"""One organisation's day, played against an emulated Google through the installed hooks.

It must not know how hooks work: it calls them as any account manager would.
"""
