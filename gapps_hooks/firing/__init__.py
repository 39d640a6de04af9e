"""What a hook does until it becomes the whole program.

It must not know the package, nor more of the standard library than a hook has time to import.
"""
