"""Comparing both sides: named people and groups, or everybody.

It must not know how a command line asks for it or shows it.
"""
