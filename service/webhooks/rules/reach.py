"""How far an endpoint's filter reaches in the tree of jurisdictions. Pure."""

from collections.abc import Iterable, Mapping

from service.webhooks.rules.filters import Filter

Parents = Mapping[str, str | None]
"""Jurisdiction → the one above it."""


def below(parents: Parents, code: str) -> frozenset[str]:
    """A jurisdiction and every one below it; one that is not in the tree is alone."""
    children: dict[str, list[str]] = {}
    for each, parent in parents.items():
        if parent is not None:
            children.setdefault(parent, []).append(each)
    found, wanted = {code}, [code]
    while wanted:
        fresh = [each for each in children.get(wanted.pop(), ()) if each not in found]
        found.update(fresh)
        wanted.extend(fresh)
    return frozenset(found)


def resolved(wanted: Filter, parents: Parents, *, home: str | None) -> Filter | None:
    """A filter with its jurisdictions' subtrees, held within `home` (None: no bound), where its endpoint belongs.

    None: nothing is left. The tree changes; what an endpoint asked for once may since have moved out of its home, and
    an empty set would ask for everything.
    """
    asked: Iterable[str] = wanted.jurisdictions
    reach = frozenset().union(*(below(parents, code) for code in asked))
    if home is not None:
        reach = reach & below(parents, home) if wanted.jurisdictions else below(parents, home)
    if not reach and (wanted.jurisdictions or home is not None):
        return None
    return Filter(
        types=wanted.types,
        jurisdictions=reach,
        plans=wanted.plans,
        units=wanted.units,
        roles=wanted.roles,
        kinds=wanted.kinds,
    )
