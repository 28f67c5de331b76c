"""The units and groups of a draft: those that are known, and new ones for names that nobody knows."""

from dataclasses import dataclass, field, replace

from service.phrases.values import Confidence
from service.planfiles.rules.fields import MOST_ALIASES
from service.planfiles.rules.shapes import GroupShape, MemberShape, UnitShape
from service.reading.rules.naming import clean, member_code
from service.reading.rules.registry import Registry, Stem, same_tier, stem_of
from service.reading.rules.review import Flag, flag
from service.units.rules import UnitKind

_KINDS = (
    (UnitKind.COURT, ("法院", "检察院")),
    (UnitKind.GOVERNMENT, ("政府", "管委会", "管理委员会")),
    (UnitKind.TOWN, ("镇", "乡", "街道", "街道办事处")),
    (UnitKind.OFFICE, ("办公室", "办公厅", "办", "专班")),
    (UnitKind.INSTITUTION, ("中心", "医院", "学校", "学院", "大学", "站", "馆")),
    (UnitKind.OTHER, ("公司", "集团", "银行", "协会", "学会", "联合会")),
)
_MANY = ("部门", "单位", "各地", "机构", "企业", "学校", "镇街", "街镇", "乡镇")
_VAGUE = ("相关", "有关", "等")
LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Meant:
    """What a name in the document means: a code, how sure that is, why; `nearest`: known names that look like it."""

    code: str
    confidence: Confidence
    why: str
    is_new: bool = False
    nearest: tuple[str, ...] = ()


@dataclass(slots=True)
class Members:
    """Names as they come, each looked up once."""

    registry: Registry
    jurisdiction: str
    units: dict[str, UnitShape] = field(default_factory=dict)
    groups: dict[str, GroupShape] = field(default_factory=dict)
    used: dict[str, None] = field(default_factory=dict)
    _meant: dict[str, Meant] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)
    _stems: dict[str, list[tuple[Stem, str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._taken = set(self.registry.codes)

    def meant(self, name: str) -> Meant:
        """What a name means; one that nobody knows becomes a new unit or group."""
        name = clean(name, LONGEST_NAME)
        if name not in self._meant:
            self._meant[name] = self._looked_up(name)
        found = self._meant[name]
        self.used.setdefault(found.code)
        return found

    def _looked_up(self, name: str) -> Meant:
        if match := self.registry.find(name, self.jurisdiction):
            return Meant(match.known.code, match.confidence, match.why)
        stem = stem_of(name, self.registry.places)
        for other, code in self._stems.get(stem[1], ()):
            if same_tier(stem, other) and code in self.units:
                return self._alias(code, name)
        code = member_code(self.jurisdiction, name, self._taken)
        self._taken.add(code)
        self._stems.setdefault(stem[1], []).append((stem, code))
        if is_group(name):
            self.groups[code] = GroupShape(code=code, name=name, vague=any(word in name for word in _VAGUE))
        else:
            self.units[code] = UnitShape(code=code, name=name, kind=_kind(name))
        near = self.registry.nearest(name, self.jurisdiction)
        why = "未登记，按新单位起草" + (f"；最接近的有{'、'.join(near)}" if near else "")
        return Meant(code, Confidence.AMBIGUOUS, why, is_new=True, nearest=near)

    def _alias(self, code: str, name: str) -> Meant:
        """Another form of a new unit's name: 教育局 behind 区教育局."""
        unit = self.units[code]
        if name not in unit.aliases and len(unit.aliases) < MOST_ALIASES:
            self.units[code] = replace(unit, aliases=(*unit.aliases, name))
        return Meant(code, Confidence.INFERRED, f"与“{unit.name}”按同一单位处理", is_new=True)

    def flags_of(self, name: str, *, milestone: str, line: int) -> list[Flag]:
        """What a person should look at in a name."""
        found = self.meant(name)
        group = self.groups.get(found.code)
        known = self.registry.codes.get(found.code)
        flags = []
        if found.nearest:
            flags.append(flag("unit_unknown", name, "、".join(found.nearest), milestone=milestone, line=line))
        elif found.is_new and found.confidence is Confidence.AMBIGUOUS:
            flags.append(flag("unit_new", name))
        elif found.confidence is not Confidence.EXACT:
            flags.append(flag("unit_inferred", name, found.why))
        if (group and group.vague) or (known and known.vague):
            flags.append(flag("group_vague", name))
        return flags

    def new_groups(self) -> tuple[GroupShape, ...]:
        """The new groups; that of the departments has as members those that the document names."""
        inside = [code for code in self.used if code.startswith(f"{self.jurisdiction}.") and self._is_department(code)]
        members = tuple(MemberShape(member=code) for code in inside)
        return tuple(
            replace(group, members=members) if "部门" in group.name else group for group in self.groups.values()
        )

    def _is_department(self, code: str) -> bool:
        known = self.registry.codes.get(code)
        if code in self.groups or (known and known.is_group):
            return False
        return code not in self.units or self.units[code].kind in {UnitKind.DEPARTMENT, UnitKind.OFFICE}


def is_group(name: str) -> bool:
    """Whether a name is that of many: 各乡镇人民政府, 区级各部门, 有关单位."""
    if name.startswith(("各", "全体", "全区", "全市", "所有", "相关", "有关")) or "各" in name[1:6]:
        return True
    return name.endswith(_MANY)


def _kind(name: str) -> str:
    if name.startswith(("中共", "市委", "区委", "县委", "省委", "党委", "纪委")) and not name.endswith("委员会办公室"):
        return UnitKind.PARTY.value
    return next((kind.value for kind, ends in _KINDS if name.endswith(ends)), UnitKind.DEPARTMENT.value)
