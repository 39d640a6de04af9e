"""The agent from its start to its end: one loop for the socket, signals and the service manager.

It must not know what an event means.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from gapps_hooks.agent.arrivals import Arrivals
from gapps_hooks.agent.conversation import Conversation
from gapps_hooks.agent.hardening import claim_resources, harden
from gapps_hooks.agent.listening import Door, socket_path
from gapps_hooks.agent.notification import ServiceManager
from gapps_hooks.agent.post import Post
from gapps_hooks.agent.reception import Reception
from gapps_hooks.agent.shift import Company, Shift
from gapps_hooks.errors import BadSettings, Complaint, GappsHooksError
from gapps_hooks.outbox import leases

#: Seconds in which what is under way may be finished when the agent ends.
FINISHING: Final = 15.0
#: Seconds between two mishaps of the loop that are told.
_QUIET: Final = 60.0


class AnotherAgent(GappsHooksError):
    """An agent serves this state directory already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What the agent needs of the world around it."""

    environment: Mapping[str, str]
    #: Tells whoever looks after it what happens, a sentence each.
    say: Callable[[str], None]


def run_agent(path: Path, company: Company, world: World) -> None:
    """Serve the installation of this settings file until SIGTERM or SIGINT.

    Raises:
        BadSettings: something in the settings is wrong.
        StateUnusable: the state directory cannot be used.
        CannotListen: the socket cannot be where it has to be.
        AnotherAgent: an agent serves this state directory already.
    """
    harden()
    claim_resources()
    path = Path(os.path.abspath(path))  # noqa: PTH100 - as fire.py does it: links are kept, dots are not
    with ExitStack() as stack:
        shift = Shift(path, company)
        agent = Agent(path, company, world, shift)
        stack.callback(agent.finish)
        lease = leases.hold(shift.settings.state.directory, leases.AGENT)
        if lease is None:
            raise AnotherAgent(
                f"another agent serves {shift.settings.state.directory}; stop that one first "
                "(systemctl stop gapps-hooks), one is enough"
            )
        stack.enter_context(lease)
        asyncio.run(agent.serve())


class Agent:
    """One agent: the shift at work, the door, and the signals that change them."""

    def __init__(self, path: Path, company: Company, world: World, shift: Shift) -> None:
        self._path, self._company, self._world = path, company, world
        self._manager = ServiceManager(world.environment)
        self.shift: Shift | None = shift
        self._door: Door | None = None
        self._reloading: asyncio.Task[None] | None = None
        #: Somebody has asked for another one while it was under way.
        self._again = False
        #: Whether the last sign of life was given.
        self._lives = True
        #: Until when no further mishap is told, by the monotonic clock.
        self._quiet_until = 0.0
        self._renew: Callable[[], None] = lambda: None

    async def serve(self) -> None:
        """Listen until a signal ends it, and finish what is under way."""
        assert self.shift is not None  # noqa: S101 - it comes with one
        loop, stopped = asyncio.get_running_loop(), asyncio.Event()
        loop.set_exception_handler(lambda _, context: self._tell_mishap(context))
        listener = self._listen(self.shift)
        post = Post(loop)
        reception = Reception(self._path, self.shift, post)
        self._renew = partial(post, self._begin_reload, reception)
        self.shift.renew = self._renew
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopped.set)
        loop.add_signal_handler(signal.SIGHUP, self._begin_reload, reception)
        self.shift.start()
        arrivals = Arrivals(
            loop, listener, lambda channel: Conversation(reception, loop, channel).begin()
        )
        arrivals.open()
        # what is there now stays; the collector need not look at it again and again
        gc.freeze()
        self._manager.ready()
        self._world.say(f"taking events at {listener.getsockname()}")
        await self._until(stopped)
        self._manager.stopping()
        self._world.say("finishing what is under way")
        reception.closing = True
        arrivals.close()
        self._close_door()
        await asyncio.to_thread(self.finish)
        await asyncio.sleep(0)  # the last answers are on their way
        for conversation in tuple(reception.conversations):
            conversation.close()

    def finish(self) -> None:
        """End the shift at work, if there is one, and take the socket away."""
        self._close_door()
        shift, self.shift = self.shift, None
        if shift is not None:
            shift.finish(FINISHING)

    def _close_door(self) -> None:
        door, self._door = self._door, None
        if door is not None:
            door.close()

    def _listen(self, shift: Shift) -> socket.socket:
        given = self._manager.listener()
        if given is not None:
            return given
        self._door = Door(socket_path(self._path, self._world.environment))
        self._door.let(shift.admission.gids)
        return self._door.listener

    async def _until(self, stopped: asyncio.Event) -> None:
        while not stopped.is_set():
            self._give_sign()
            try:
                await asyncio.wait_for(stopped.wait(), self._manager.watchdog)
            except TimeoutError:
                continue

    def _tell_mishap(self, context: Mapping[str, Any]) -> None:
        """Say what asyncio has nobody else to tell, once a minute: a full table of files, say.

        With no descriptor left it fails for each of the hooks that wait, again and again.
        """
        now, error = time.monotonic(), context.get("exception")
        if now >= self._quiet_until:
            self._quiet_until = now + _QUIET
            reason = error.strerror if isinstance(error, OSError) else type(error).__name__
            self._world.say(f"{context['message']} ({reason}); hooks record by themselves")

    def _give_sign(self) -> None:
        """Say that we live; an agent that does not is ended and started anew."""
        alive = self.shift is not None and self.shift.alive
        if alive:
            self._manager.alive()
        elif self._lives:
            self._world.say("a part of the agent hangs or is gone; it gives no sign of life")
        self._lives = alive

    # --- new settings ------------------------------------------------------------------------

    def _begin_reload(self, reception: Reception) -> None:
        self._again = True
        if self._reloading is None or self._reloading.done():
            self._reloading = asyncio.ensure_future(self._reload_all(reception))

    async def _reload_all(self, reception: Reception) -> None:
        """Read the settings until none have been changed since; the last word counts."""
        while self._again:
            self._again = False
            await self._reload(reception)

    async def _reload(self, reception: Reception) -> None:
        """Let a shift with the new settings take over; with bad ones the old goes on."""
        old = self.shift
        if old is None:
            return
        self._manager.reloading()
        trouble = ""
        try:
            new = await asyncio.to_thread(self.relieve, old)
        except GappsHooksError as error:
            trouble = f"the settings stay as they were: {error}"
            self._world.say(trouble)
        else:
            self.shift = reception.shift = new
            self._world.say("the settings and the state were opened again")
            await asyncio.to_thread(old.finish, FINISHING)
        self._manager.ready(trouble)

    def relieve(self, old: Shift) -> Shift:
        """Let a shift with the settings of now take over; if it raises, the old one goes on."""
        new = Shift(self._path, self._company)
        new.renew = self._renew
        try:
            self._check(old, new)
            if self._door is not None:
                self._door.let(new.admission.gids)
            old.part()
            new.start()
        except BaseException:
            new.part()
            self._regather(old)
            new.finish(FINISHING)
            raise
        return new

    def _regather(self, shift: Shift) -> None:
        """Call back the companions of a shift that goes on."""
        try:
            shift.part()
            shift.gather()
        except GappsHooksError as error:
            self._world.say(f"a part of the agent has not come back; restart it: {error}")

    @staticmethod
    def _check(old: Shift, new: Shift) -> None:
        if new.settings.state != old.settings.state:
            remedy = "cannot change while the agent runs; restart it"
            place = str(new.settings.state.directory)
            raise BadSettings([Complaint(field="state.directory", value=place, remedy=remedy)])
