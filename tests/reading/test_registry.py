"""Names in documents, and the units that are known."""

import pytest

from service.phrases.values import Confidence
from service.reading.rules.members import Members
from service.reading.rules.registry import How, Known, Place, Registry, place_of

PLACES = (Place("shi", "云州市"), Place("qu", "云州市青山区", "shi", ("青山区",)))
KNOWN = (
    Known("qu.justice", "区司法局", ("区司法行政部门",)),
    Known("qu.reform", "区发展改革委"),
    Known("qu.towns", "各乡镇人民政府", ("各乡镇",), is_group=True),
    Known("shi.justice", "市司法局"),
    Known("shi.data", "市大数据中心"),
)
REGISTRY = Registry(KNOWN, PLACES)


@pytest.mark.parametrize(
    ("name", "code", "how"),
    (
        ("区司法局", "qu.justice", How.NAME),
        ("区司法行政部门", "qu.justice", How.ALIAS),
        ("青山区司法局", "qu.justice", How.SHORT),
        ("云州市青山区司法局", "qu.justice", How.SHORT),
        ("司法局", "qu.justice", How.SHORT),
        ("区发展和改革委员会", "qu.reform", How.SHORT),
        ("区发改委", "qu.reform", How.SHORT),
        ("各乡镇", "qu.towns", How.ALIAS),
        ("市大数据中心", "shi.data", How.ELSEWHERE),
        ("市司法局", "shi.justice", How.ELSEWHERE),
    ),
)
def test_a_name_is_found_in_any_of_its_forms(name: str, code: str, how: How) -> None:
    found = REGISTRY.find(name, "qu")
    assert found
    assert (found.known.code, found.how) == (code, how)
    assert (found.confidence is Confidence.EXACT) is (how in {How.NAME, How.ALIAS})


@pytest.mark.parametrize("name", ("区财政局", "省司法局", "区大数据中心"))
def test_a_name_of_nobody_or_of_another_tier_is_not_found(name: str) -> None:
    assert REGISTRY.find(name, "qu") is None


def test_the_jurisdiction_is_the_one_with_the_longest_name_in_the_title() -> None:
    found = place_of(PLACES, ["云州市青山区工作方案", "云州市人民政府"])
    assert found
    assert found.code == "qu"


def test_an_unknown_name_becomes_a_new_unit_with_the_nearest_known_ones() -> None:
    members = Members(REGISTRY, "qu")
    found = members.meant("区司法分局")
    assert found.is_new
    assert "区司法局" in found.nearest
    assert [unit.name for unit in members.units.values()] == ["区司法分局"]


def test_short_forms_of_a_new_unit_are_its_aliases_and_groups_hold_what_is_named() -> None:
    members = Members(Registry(), "qu")
    codes = [members.meant(name).code for name in ("区教育局", "教育局", "市教育局", "各区级部门", "各相关部门")]
    assert codes[0] == codes[1] == "qu.education"
    assert len(set(codes)) == 4
    assert members.units["qu.education"].aliases == ("教育局",)
    groups = {group.name: group for group in members.new_groups()}
    assert [member.member for member in groups["各区级部门"].members] == [codes[0], codes[2]]
    assert (groups["各区级部门"].vague, groups["各相关部门"].vague) == (False, True)
