"""Between the conversations and the shift at work: who is let in, what is recorded, what is told.

It must not know how bytes come and go, nor how events are recorded or delivered.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

from gapps_hooks.agent.conversation import Conversation
from gapps_hooks.agent.handover import Declined, Handover
from gapps_hooks.agent.recording import Result, Slip
from gapps_hooks.agent.shift import Shift
from gapps_hooks.errors import (
    BadInput,
    GappsHooksError,
    NotRecorded,
    SourceUnreadable,
    StateDamaged,
)
from gapps_hooks.handling import BAD_INPUT, NOT_RECORDED
from gapps_hooks.model import Event, Outcome
from gapps_hooks.record import Receipt
from gapps_hooks.superseded import Superseded

#: Hooks that are listened to at the same time; beyond it they record by themselves.
MOST_CONVERSATIONS: Final = 1000
_CLOSING: Final = "this agent is closing down"


class Reception:
    """Takes the conversations' messages; ``post`` calls a function in the event loop's thread."""

    def __init__(self, settings: Path, shift: Shift, post: Callable[..., object]) -> None:
        self._settings = str(settings)
        #: The shift at work; another one after the settings were read anew.
        self.shift = shift
        self._post = post
        self.conversations: set[Conversation] = set()
        self.closing = False

    def admit(self, conversation: Conversation) -> str | None:
        """See conversation.Clerk."""
        if self.closing:
            return _CLOSING
        if len(self.conversations) >= MOST_CONVERSATIONS:
            return f"this agent listens to {MOST_CONVERSATIONS} hooks already"
        try:
            peer = conversation.peer()
        except OSError as error:
            return f"the system does not say who calls ({error.strerror})"
        if not self.shift.admission.admits(peer):
            return f"user {peer.uid} may not hand over events here; see agent.allow_groups"
        return None

    def take(self, conversation: Conversation, message: bytes) -> None:
        """See conversation.Clerk."""
        shift = self.shift
        handover = Handover(message, self._settings, conversation.hung_up)
        slip = Slip(
            read=handover.read,
            check=handover.check,
            answer=partial(self._answer, conversation, shift),
        )
        try:
            shift.recorder.submit(slip)
        except RuntimeError:
            conversation.decline(_CLOSING)

    # --- in the writer's thread --------------------------------------------------------------

    def _answer(
        self, conversation: Conversation, shift: Shift, event: Event | None, result: Result
    ) -> None:
        if isinstance(result, Exception) or event is None:
            self._post(self._fail, conversation, result)
            return
        wait = 0.0 if event.defer else shift.settings.hooks.wait
        self._post(conversation.acknowledge, wait)
        shift.recorded(event, result)
        waiter = partial(self._tell, conversation, shift, event, result) if wait else None
        if not shift.see_to(event, result, waiter) and waiter is not None:
            waiter(None)

    def _tell(
        self,
        conversation: Conversation,
        shift: Shift,
        event: Event,
        receipt: Receipt,
        outcome: Outcome | None,
    ) -> None:
        with suppress(GappsHooksError):  # the hook then says that the event is recorded
            self._post(conversation.conclude, shift.line_of(event, receipt, outcome))

    def _fail(self, conversation: Conversation, error: object) -> None:
        if isinstance(error, StateDamaged):
            # The hook opens the file anew, which mends it; so do we, for those who come after.
            self.shift.renew()
        if _is_for_the_hook(error):
            conversation.decline(str(error))
        else:
            conversation.refuse(*_refusal(error))


def _is_for_the_hook(error: object) -> bool:
    """Whether a hook may do better: one that root runs may read what our own user may not."""
    unreadable = isinstance(error, NotRecorded) and isinstance(error.__cause__, SourceUnreadable)
    again = isinstance(error, Declined | StateDamaged | Superseded)
    return again or (unreadable and os.geteuid() != 0)


def _refusal(error: object) -> tuple[str, int]:
    """Put in a sentence and a status why an event was not recorded, as a hook itself does."""
    if isinstance(error, BadInput):
        return str(error), BAD_INPUT
    if isinstance(error, GappsHooksError):
        return str(error), NOT_RECORDED
    return f"an error of this program, {type(error).__name__}", NOT_RECORDED
