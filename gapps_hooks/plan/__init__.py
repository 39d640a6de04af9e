"""Desired state, last delivered state and Google's state of one subject -> what is to be done.

It must not know files, clocks, the network or the database: everything is an argument.
"""
