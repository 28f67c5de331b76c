"""Kinds of field that several resources have, with the bounds that the OpenAPI document names."""

from typing import Annotated

from fastapi import Path, Query
from pydantic import Field

_WORD = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"

Code = Annotated[str, Field(min_length=1, max_length=64, pattern=rf"^{_WORD}$", examples=["chongming"])]
MemberCode = Annotated[
    str, Field(min_length=3, max_length=100, pattern=rf"^{_WORD}\.{_WORD}$", examples=["chongming.justice"])
]
Slug = Annotated[
    str, Field(min_length=1, max_length=64, pattern=rf"^{_WORD}$", examples=["chongming-enforcement-2023-2025"])
]
Key = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", examples=["2.2.1-1"])]

# One line without control characters that does not begin or end with a space.
_LINE = r"^[^\s\x00-\x1f\x7f-\x9f]([^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f])?$"
Name = Annotated[str, Field(min_length=1, max_length=100, pattern=_LINE, examples=["区司法局"])]
Title = Annotated[str, Field(min_length=1, max_length=200, pattern=_LINE, examples=["梳理执法突出问题清单"])]
ShortText = Annotated[str, Field(max_length=100, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]
Note = Annotated[str, Field(max_length=2000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]*$")]
Aliases = Annotated[list[Name], Field(max_length=50)]

PathCode = Annotated[str, Path(max_length=100, pattern=r"^[A-Za-z0-9._-]+$")]
PathId = Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z0-9._-]+$")]

Search = Annotated[
    str | None,
    Query(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$", description="Looks in names, aliases and codes."),
]
CodeQuery = Annotated[str | None, Query(max_length=100, pattern=r"^[A-Za-z0-9._-]+$")]
