"""JSON, read and written as the standard library does it, without its start-up time.

It must not know what is said in it.
"""

from __future__ import annotations

# what typing.TYPE_CHECKING is, without the 3 ms that typing costs
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: What JSON takes for space, RFC 8259.
JSON_SPACE = " \t\n\r"


class _Reading:
    """What the scanner asks how to read things: as json.loads does."""

    strict = True
    object_hook = object_pairs_hook = None
    parse_float, parse_int, parse_constant = float, int, float


def load(text: str) -> object:
    """Do what json.loads does, by the same scanner in C; raise ValueError or RecursionError.

    The Python around it brings regular expressions, which take half as long as Python's start;
    so it is left to say what is wrong with a text, and to a Python that is not made in C.
    """
    try:
        from _json import make_scanner  # noqa: PLC0415 - see above

        make: Any = make_scanner  # it takes whatever has the attributes
        value, end = make(_Reading)(text, len(text) - len(text.lstrip(JSON_SPACE)))
        if not text[end:].strip(JSON_SPACE):
            return value
    except (ImportError, StopIteration, SystemError):
        pass
    import json  # noqa: PLC0415 - see above

    return json.loads(text)


def quote(text: str) -> str:
    """Write a text as JSON has it."""
    try:
        from _json import encode_basestring_ascii  # noqa: PLC0415 - see load
    except ImportError:
        import json  # noqa: PLC0415 - see load

        return json.dumps(text)
    return encode_basestring_ascii(text)
