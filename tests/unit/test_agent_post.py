"""Calls from other threads: all arrive, in their order, and those that come together wake once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from gapps_hooks.agent.post import Post


class Loop(asyncio.SelectorEventLoop):
    """Counts how often it is woken from outside."""

    woken = 0

    def call_soon_threadsafe(self, *words: Any, **more: Any) -> asyncio.Handle:  # type: ignore[override]  # noqa: ANN401 - whatever asyncio takes
        self.woken += 1
        return super().call_soon_threadsafe(*words, **more)


def run(work: Callable[[Loop, Post], None]) -> Loop:
    """Let a thread do something with the post of a loop that runs until everything has come."""
    loop = Loop()
    post = Post(loop)

    def write() -> None:
        work(loop, post)
        post(loop.stop)

    thread = threading.Thread(target=write)
    loop.call_soon(thread.start)
    loop.run_forever()
    thread.join()
    loop.close()
    return loop


def test_what_several_threads_post_comes_in_the_order_of_each() -> None:
    came: dict[int, list[int]] = {number: [] for number in range(4)}

    def write(post: Post, number: int) -> None:
        for count in range(500):
            post(came[number].append, count)

    def work(_: Loop, post: Post) -> None:
        threads = [threading.Thread(target=write, args=(post, number)) for number in came]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    run(work)
    assert came == {number: list(range(500)) for number in range(4)}


def test_what_is_posted_while_the_loop_is_busy_wakes_it_once() -> None:
    came: list[int] = []
    free = threading.Event()

    def work(loop: Loop, post: Post) -> None:
        loop.call_soon_threadsafe(free.wait)
        for count in range(100):
            post(came.append, count)
        free.set()

    loop = run(work)
    assert came == list(range(100))
    assert loop.woken <= 3  # to be kept busy, for the hundred, and perhaps to stop


def test_one_call_that_fails_holds_up_no_other() -> None:
    came: list[int] = []
    told: list[object] = []
    loop = Loop()
    post = Post(loop)
    loop.set_exception_handler(lambda _, context: told.append(context["exception"]))
    post(int, "no number")
    post(came.append, 1)
    post(loop.stop)
    loop.call_later(5.0, loop.stop)
    loop.run_forever()
    loop.close()
    assert (came, len(told)) == ([1], 1)


def test_nobody_is_told_of_a_loop_that_has_ended() -> None:
    loop = Loop()
    post = Post(loop)
    loop.close()
    post(print, "nobody hears")
    post(print, "this either")
