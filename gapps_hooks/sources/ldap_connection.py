"""One connection to a directory server: opened when it is needed, encrypted, signed in, bounded.

It must not know what people and groups are. It follows no referral, and whatever the system's
ldap.conf says of limits, aliases and certificates is overruled by what is set here.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from typing import Any, Final, TypeVar

import ldap  # type: ignore[import-untyped] # it has no types
from ldap.controls import RequestControl  # type: ignore[import-untyped] # it has no types
from ldap.controls.libldap import (  # type: ignore[import-untyped] # it has no types
    SimplePagedResultsControl,
)

from gapps_hooks.errors import SourceUnreadable
from gapps_hooks.sources.ldap_access import (
    Access,
    password_of,
    see_it_answers,
    set_options,
    why_distrusted,
)
from gapps_hooks.sources.ldap_pages import Entry, Page, PagesSeen, next_cookie
from gapps_hooks.sources.ldap_verdicts import is_lost, verdict

#: MS-ADTS section 3.1.1.3.4.1.6: leave out references to other parts of the forest.
_DOMAIN_SCOPE: Final = "1.2.840.113556.1.4.1339"
_PAGED: Final = "1.2.840.113556.1.4.319"
_ROOT_ATTRIBUTES: Final = ("supportedControl", "namingContexts", "vendorName")
#: The one attribute name that stands for none (RFC 4511 section 4.5.1.8).
NOTHING: Final = "1.1"

#: Values of the common syntaxes, to compare with.
_PROBES: Final = (b"1", b"TRUE", b"20200101000000Z")

_Answer = TypeVar("_Answer")


class Connection:
    """The connection; any thread may ask, one at a time, and any other cut it short."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self._lock = threading.RLock()
        self._open: Any = None
        self._controls: frozenset[str] | None = None
        # our own copy of the socket's descriptor: its number cannot become another's
        self._socket: socket.socket | None = None
        self._cut = False

    def pages(
        self, base: str, found_by: str, attributes: Sequence[str], size: int
    ) -> Generator[Page, None, None]:
        """Search a whole subtree, page by page.

        Raises:
            SourceUnreadable: some or all of it could not be read.
        """
        cookie: Any = b""
        seen = PagesSeen(self.access.max_entries)
        with self._lock:
            paged = _PAGED in self.supported()
            while True:
                control = SimplePagedResultsControl(True, size, cookie)  # noqa: FBT003 - criticality
                controls = [control] if paged else []
                page, answers = self._search(
                    base, ldap.SCOPE_SUBTREE, found_by, attributes, controls
                )
                before, cookie = cookie, next_cookie(answers)
                if cookie and (why := seen.why_endless(page, before, cookie)):
                    raise SourceUnreadable(f"{self.access.uri} {why}")
                yield page
                if not cookie:
                    return

    def one(self, dn: str, attributes: Sequence[str] = (NOTHING,)) -> Entry | None:
        """Read one entry; None if there is none that we may see.

        Raises:
            SourceUnreadable: it could not be asked for.
        """
        everything = "(objectClass=*)"
        try:
            page, _ = self._search(dn, ldap.SCOPE_BASE, everything, attributes, [])
        except _NoSuchEntry:
            return None
        return page.entries[0] if page.entries else None

    def some(self, base: str, found_by: str, attributes: Sequence[str]) -> Page:
        """Search a subtree for few entries, in one answer.

        Raises:
            SourceUnreadable: some or all of it could not be read.
        """
        return self._search(base, ldap.SCOPE_SUBTREE, found_by, attributes, [])[0]

    def any(self, base: str, found_by: str) -> bool:
        """Say whether a search finds anything; a limit that is hit says yes.

        Raises:
            SourceUnreadable: it could not be asked for.
        """
        with self._lock:
            return self._ask(lambda server: self._any(server, base, found_by), base)

    def _any(self, server: Any, base: str, found_by: str) -> bool:  # noqa: ANN401 - python-ldap
        try:
            asked = server.search_ext(
                base,
                ldap.SCOPE_SUBTREE,
                found_by,
                [NOTHING],
                sizelimit=1,
                serverctrls=self._scope(),
            )
            _, found, _, _ = server.result3(asked, timeout=self.access.timeout)
        except ldap.SIZELIMIT_EXCEEDED:
            return True
        return any(dn is not None for dn, *_ in found)

    def may_compare(self, dn: str, attribute: str) -> bool | None:
        """Say whether an attribute that an entry does not show may be compared, so is absent.

        None where the server's answer does not tell.

        Raises:
            SourceUnreadable: it could not be asked.
        """
        with self._lock:
            try:
                return self._ask(lambda server: self._compare(server, dn, attribute), dn)
            except _NoSuchEntry:
                return False

    def _compare(self, server: Any, dn: str, attribute: str) -> bool | None:  # noqa: ANN401 - python-ldap
        for probe in _PROBES:
            try:
                asked = server.compare_ext(dn, attribute, probe)
                server.result3(asked, timeout=self.access.timeout)
            except (ldap.INVALID_SYNTAX, ldap.INVALID_DN_SYNTAX):
                continue
            except (ldap.NO_SUCH_ATTRIBUTE, ldap.UNDEFINED_TYPE):
                return True
            except ldap.INSUFFICIENT_ACCESS:
                return False
            except (ldap.COMPARE_FALSE, ldap.COMPARE_TRUE):
                return None
        return None

    def supported(self) -> frozenset[str]:
        """Return the controls that the server offers."""
        with self._lock:
            if self._controls is None:
                root = self.one("", _ROOT_ATTRIBUTES)
                offered = root[1].get("supportedControl", []) if root else []
                self._controls = frozenset(raw.decode("ascii", "replace") for raw in offered)
            return self._controls

    def modify(self, dn: str, changes: list[Any], controls: Sequence[RequestControl] = ()) -> None:
        """Send one change; errors are python-ldap's own, for the caller to understand."""
        with self._lock:
            server = self._opened()
            asked = server.modify_ext(dn, changes, serverctrls=list(controls))
            server.result3(asked, timeout=self.access.timeout)

    def cut(self) -> None:
        """From another thread: let whatever is under way fail, and anything after it."""
        self._cut = True
        held = self._socket
        if held is not None:
            with suppress(OSError):
                held.shutdown(socket.SHUT_RDWR)

    def __del__(self) -> None:
        # a source has no end of its own: its connection ends when nobody has it any more
        if self._socket is not None:
            self._socket.close()

    def close(self) -> None:
        """Leave the server; the next question connects again."""
        with self._lock:
            server, self._open = self._open, None
            held, self._socket = self._socket, None
            if held is not None:
                held.close()
            if server is not None:
                with suppress(ldap.LDAPError):
                    server.unbind_ext_s()

    # --- one question ------------------------------------------------------------------------

    def _search(
        self, base: str, scope: int, found_by: str, attributes: Sequence[str], controls: list[Any]
    ) -> tuple[Page, list[Any]]:
        with self._lock:
            scoped = [] if base == "" else self._scope()

            def ask(server: Any) -> tuple[Page, list[Any]]:  # noqa: ANN401 - python-ldap
                asked = server.search_ext(
                    base, scope, found_by, list(attributes), serverctrls=[*controls, *scoped]
                )
                _, found, _, answers = server.result3(asked, timeout=self.access.timeout)
                return Page.of(found), answers

            # a cookie means nothing on another connection
            first = not any(getattr(one, "cookie", b"") for one in controls)
            return self._ask(ask, base, again=first)

    def _scope(self) -> list[RequestControl]:
        offered = _DOMAIN_SCOPE in self.supported()
        return [RequestControl(_DOMAIN_SCOPE, False)] if offered else []  # noqa: FBT003 - criticality

    def _ask(self, question: Callable[[Any], _Answer], what: str, *, again: bool = True) -> _Answer:
        """Ask; once more on a fresh connection if one that had been idle turns out to be lost."""
        idle = self._open is not None
        try:
            return question(self._opened())
        except ldap.NO_SUCH_OBJECT as error:
            raise _NoSuchEntry(str(verdict(error, self.access.uri, what))) from None
        except ldap.LDAPError as error:
            if is_lost(error):
                self.close()
            if not (again and idle and isinstance(error, ldap.SERVER_DOWN)) or self._cut:
                raise self._failed(error, what) from None
        return self._ask(question, what, again=False)

    def _failed(self, error: Exception, what: str) -> SourceUnreadable:
        if self._cut:
            return SourceUnreadable(_stopped(self.access.uri))
        return verdict(error, self.access.uri, what, self.access.said)

    # --- opening -----------------------------------------------------------------------------

    def _opened(self) -> Any:  # noqa: ANN401 - python-ldap
        if self._cut:
            raise SourceUnreadable(_stopped(self.access.uri))
        if self._open is None:
            see_it_answers(self.access)
            server = ldap.initialize(self.access.uri)
            try:
                set_options(server, self.access)
                self._sign_in(server)
            except ldap.LDAPError as error:
                with suppress(ldap.LDAPError):
                    server.unbind_ext_s()
                raise self._not_opened(error) from None
            self._open = server
        return self._open

    def _not_opened(self, error: Exception) -> SourceUnreadable:
        reached = isinstance(error, ldap.SERVER_DOWN | ldap.CONNECT_ERROR) and not self._cut
        distrusted = why_distrusted(self.access) if reached else ""
        if distrusted:
            return SourceUnreadable(distrusted)
        return self._failed(error, self.access.bind_dn or "")

    def _sign_in(self, server: Any) -> None:  # noqa: ANN401 - python-ldap
        access = self.access
        if access.starttls:
            server.start_tls_s()
        if access.sasl:
            server.sasl_non_interactive_bind_s("EXTERNAL")
            self._hold(server)
            return
        asked = server.simple_bind(access.bind_dn or "", password_of(access))
        self._hold(server)
        server.result3(asked, timeout=access.timeout)

    def _hold(self, server: Any) -> None:  # noqa: ANN401 - python-ldap
        self._socket = socket.socket(fileno=os.dup(server.fileno()))
        if self._cut:  # while it was being opened
            self.cut()


class _NoSuchEntry(SourceUnreadable):
    """The base of a search is not there, or is hidden from us."""


def _stopped(uri: str) -> str:
    return f"{uri} was left: the time for all of it was over"
