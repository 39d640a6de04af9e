"""The resident agent: takes events from hooks by a socket, and delivers them at once.

It must not know how an event is recorded or delivered; it only keeps everything warm for it.
"""
