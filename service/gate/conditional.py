"""Conditional requests (RFC 9110, section 13): nobody overwrites what they have not seen, or is sent what they have."""

import re
from typing import Annotated

from fastapi import Depends, Header, Request, Response

from service.kit.errors import Stale, Unguarded

_TAG = re.compile(r'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')


class NotModified(Exception):
    """The client has this version already."""

    def __init__(self, tag: str) -> None:
        super().__init__(tag)
        self.tag = tag


def etag(revision: int) -> str:
    """A row's revision as a strong entity tag."""
    return f'"r{revision}"'


def expect(if_match: str | None, revision: int) -> None:
    """See to it that a change is made to the version that its sender saw. Raises Unguarded, Stale.

    `*` means any version, said on purpose. Weak tags never match (section 13.1.1 asks for strong comparison).
    """
    if if_match is None or not if_match.strip():
        raise Unguarded
    if if_match.strip() != "*" and (False, etag(revision)) not in _tags(if_match):
        raise Stale


def is_known(if_none_match: str | None, revision: int) -> bool:
    """Whether the client has this version (weak comparison, section 13.1.2)."""
    if if_none_match is None:
        return False
    if if_none_match.strip() == "*":
        return True
    return etag(revision) in {tag for _, tag in _tags(if_none_match)}


def _tags(header: str) -> list[tuple[bool, str]]:
    return [(bool(weak), tag) for weak, tag in _TAG.findall(header)]


class ReadVersion:
    """The version that an answer shows, and the one that its reader has."""

    def __init__(
        self,
        request: Request,
        response: Response,
        if_none_match: Annotated[
            str | None, Header(description="The ETag that you have: 304 if it still holds.")
        ] = None,
    ) -> None:
        self._response = response
        self._if_none_match = if_none_match if request.method in ("GET", "HEAD") else None

    def shows(self, revision: int) -> None:
        """Give the answer its ETag. Raises NotModified when that is the version that the client has."""
        if is_known(self._if_none_match, revision):
            raise NotModified(etag(revision))
        self._response.headers["ETag"] = etag(revision)


class ChangeVersion:
    """The version that a change is made to, and the one that comes of it."""

    def __init__(
        self,
        response: Response,
        if_match: Annotated[str | None, Header(description="The ETag of the version that you change.")] = None,
    ) -> None:
        self._response = response
        self._if_match = if_match

    def expects(self, revision: int) -> None:
        """See to it that this is the version that the client saw. Raises Unguarded, Stale."""
        expect(self._if_match, revision)

    def shows(self, revision: int) -> None:
        """Give the answer the new version's ETag."""
        self._response.headers["ETag"] = etag(revision)


class PutVersion:
    """The version that a PUT replaces, where there may be none yet."""

    def __init__(
        self,
        response: Response,
        if_match: Annotated[str | None, Header(description="The ETag of the version that you replace.")] = None,
        if_none_match: Annotated[
            str | None, Header(description="`*`: only if there is nothing yet; 412 if there is.")
        ] = None,
    ) -> None:
        self._response = response
        self._if_match = if_match
        self._must_be_new = (if_none_match or "").strip() == "*"

    def expects(self, revision: int) -> None:
        """See to it that this is what the client saw; 0: there is nothing yet. Raises Unguarded, Stale.

        Where there is nothing, nothing can be overwritten: the first PUT needs no condition.
        """
        if self._must_be_new and revision > 0:
            raise Stale
        if self._if_match is not None or (revision > 0 and not self._must_be_new):
            expect(self._if_match, revision)

    def shows(self, revision: int) -> None:
        """Give the answer the new version's ETag."""
        self._response.headers["ETag"] = etag(revision)


Seen = Annotated[ReadVersion, Depends()]
Guarded = Annotated[ChangeVersion, Depends()]
Replacing = Annotated[PutVersion, Depends()]
