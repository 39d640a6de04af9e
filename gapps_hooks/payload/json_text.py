"""Read JSON that strangers wrote: bounded, unambiguous, and without echoing it.

It must not know what the object means.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final, NoReturn

from gapps_hooks.errors import BadInput

#: What a hook may send on its standard input, in bytes.
LONGEST_PAYLOAD: Final = 1 << 20
#: Levels of lists and objects; the contract needs two, a listing three.
DEEPEST: Final = 8

FIELD: Final = "payload"


class _Wrong(Exception):
    """Why a text is not taken."""


def parse_json(raw: bytes, *, longest: int = LONGEST_PAYLOAD) -> Mapping[str, Any] | None:
    """Read one JSON object (RFC 8259) from UTF-8; None where there is only white space.

    Raises:
        BadInput: too long, not UTF-8, not JSON, not an object, nested too deeply, a key twice,
            or a number that JSON does not have. The text never shows the input.
    """
    if len(raw) > longest:
        raise BadInput.of(FIELD, None, f"is longer than {longest} bytes; send less")
    # raised outside of the except clauses: the decoder's errors carry the whole text
    value, wrong = _decoded(raw)
    if not wrong and value is not None and not isinstance(value, dict):
        wrong = "must be one JSON object {…}"
    if not wrong and _deeper_than(value, DEEPEST):
        wrong = f"is nested deeper than {DEEPEST} levels"
    if wrong:
        raise BadInput.of(FIELD, None, wrong)
    return value if isinstance(value, dict) else None


def _decoded(raw: bytes) -> tuple[object, str]:
    try:
        text = raw.decode("utf-8-sig")
        return (_loads(text), "") if text.strip() else (None, "")
    except UnicodeDecodeError as error:
        return None, f"is not UTF-8 at byte {error.start}; send it as UTF-8"
    except json.JSONDecodeError as error:
        return None, f"is not JSON: {error.msg} at line {error.lineno} column {error.colno}"
    except RecursionError:
        return None, f"is nested deeper than {DEEPEST} levels"
    except _Wrong as error:
        return None, str(error)
    except ValueError:
        return None, "has a number with too many digits"


def _loads(text: str) -> object:
    value = _DECODER.decode(text)
    if value is None:
        raise _Wrong("must be one JSON object {…}, or empty")
    return value


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        named = f" ({twice})" if twice.isidentifier() and len(twice) < 80 else ""  # noqa: PLR2004 - one line
        raise _Wrong(f"has a key twice{named}; send each once")
    return found


def _no_constant(name: str) -> NoReturn:
    raise _Wrong(f"has {name}, which JSON does not have")


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_each_key_once, parse_constant=_no_constant)


def _deeper_than(value: object, levels: int) -> bool:
    layer = [value]
    for _ in range(levels + 1):
        layer = [
            inner
            for outer in layer
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not layer:
            return False
    return True
