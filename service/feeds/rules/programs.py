"""Which program fetches a feed, told from its User-Agent; and how often each really does. Pure."""

import functools
import re
from dataclasses import dataclass
from typing import Literal

OTHER = "other"
_LONGEST = 300

Way = Literal["google", "outlook", "webcal", "paste"]


@dataclass(frozen=True, slots=True)
class Program:
    """A calendar program: how it names itself when it fetches, how often it does, and how to subscribe with it.

    `way`: a link that does it all, a webcal address, or an address to be pasted. `drops`: what it does not show.
    """

    key: str
    name: str
    signs: tuple[str, ...]
    every_zh: str
    every_en: str
    way: Way = "paste"
    steps_zh: str = ""
    steps_en: str = ""
    drops_zh: str = ""
    drops_en: str = ""


# The first that fits: what others build upon (ical4j, libcurl) stands after those who do. Times are what has been seen
# of each with a feed that asks for one hour; where a program is told by its user, that is said.
PROGRAMS: tuple[Program, ...] = (
    Program(
        "apple",
        "Apple 日历 / Apple Calendar (iPhone, iPad, Mac)",
        ("dataaccessd", "CalendarAgent", "accountsd", "remindd"),
        "按设置：Mac 可选 5 分钟至每周；iPhone、iPad 随“获取新数据”",
        "as set: 5 minutes to a week on a Mac; iPhone and iPad with Fetch New Data",
        "webcal",
        "点“用日历软件打开”，再点“订阅”。",
        "Open the webcal link, then tap Subscribe.",
    ),
    Program(
        "thunderbird",
        "Thunderbird",
        ("Thunderbird/", "Lightning/"),
        "每 30 分钟，可改",
        "every 30 minutes; can be set",
        "paste",
        "新建日历 → 网络上 → 粘贴地址，用户名留空。",
        "New Calendar → On the Network → paste the address; no user name.",
    ),
    Program(
        "google",
        "Google 日历 / Google Calendar",
        ("Google-Calendar-Importer", "Googlebot", "GoogleCalendar"),
        "8 至 24 小时，不能更改",
        "every 8 to 24 hours; cannot be set",
        "google",
        "点下面的链接，或在“通过网址添加”里粘贴地址。",
        "Follow the link, or paste the address under From URL.",
        "不显示提醒和待办；已取消的事项会被隐藏，可向管理员索取 cancel=confirmed 的地址。",
        "No alarms, no to-dos; hides cancelled entries: ask for an address with cancel=confirmed.",
    ),
    Program(
        "outlook-web",
        "Outlook.com / Microsoft 365",
        ("Microsoft.Exchange", "Exchange/", "OutlookWeb", "Office365", "Microsoft-CalDAV"),
        "约 3 小时，有时更久",
        "about every 3 hours, at times longer",
        "outlook",
        "点下面的链接，或在“从 Web 订阅”里粘贴地址。",
        "Follow the link, or paste the address under Subscribe from web.",
        "不显示提醒和待办。",
        "No alarms, no to-dos.",
    ),
    Program(
        "outlook",
        "Outlook (Windows)",
        ("Microsoft Office", "Microsoft Outlook", "ms-office", "Outlook/"),
        "随“发送/接收”，约 30 分钟至 1 小时",
        "with Send/Receive, about every 30 to 60 minutes",
        "webcal",
        "点“用日历软件打开”。",
        "Open the webcal link.",
        "不显示提醒和待办。",
        "No alarms, no to-dos.",
    ),
    Program(
        "icsx5",
        "ICSx⁵ (Android)",
        ("ICSx5", "ICSdroid"),
        "按设置，默认每天",
        "as set; daily unless you say so",
        "webcal",
        "点“用日历软件打开”，或在应用里粘贴地址。",
        "Open the webcal link, or paste the address in the app.",
    ),
    Program(
        "nextcloud",
        "Nextcloud",
        ("Nextcloud", "ownCloud"),
        "按本地址的建议每小时（没有建议时每周）",
        "every hour as this address proposes (a week without a proposal)",
        "paste",
        "新建日历 → 从链接新建订阅 → 粘贴地址。",
        "New calendar → New subscription from link → paste the address.",
    ),
    Program("xiaomi", "小米日历 / Xiaomi", ("MiuiCalendar", "com.android.calendar", "Xiaomi"), "不定", "irregular"),
    Program("dingtalk", "钉钉 / DingTalk", ("DingTalk",), "不定", "irregular"),
    Program("feishu", "飞书 / Feishu", ("Feishu", "Lark"), "不定", "irregular"),
    Program("wecom", "企业微信 / WeCom", ("wxwork", "WeCom"), "不定", "irregular"),
    Program(
        "gnome",
        "GNOME, Evolution",
        ("Evolution", "gnome-calendar"),
        "每 30 分钟至 1 小时，可改",
        "every 30 to 60 minutes; can be set",
    ),
    Program("kde", "KOrganizer, Merkuro", ("Akonadi", "KIO/", "kioworker"), "按设置", "as set"),
    Program("vdirsyncer", "vdirsyncer", ("vdirsyncer",), "按设置", "as set"),
    Program("davx5", "DAVx⁵ (Android)", ("DAVx5", "DAVdroid"), "按设置", "as set"),
    Program("caldav", "CalDAV (python)", ("python-caldav", "niquests", "caldav"), "按设置", "as set"),
    Program("yahoo", "Yahoo", ("Yahoo",), "不定", "irregular"),
    Program("browser", "浏览器 / Browser", ("Mozilla/5.0",), "只在打开时", "only when opened"),
    Program(
        "script",
        "脚本 / Script",
        ("curl/", "Wget/", "python-requests", "python-httpx", "aiohttp", "Go-http-client", "okhttp", "Java/", "node"),
        "按设置",
        "as set",
    ),
)
_BY_KEY = {each.key: each for each in PROGRAMS}
_SIGNS = tuple((each.key, re.compile("|".join(map(re.escape, each.signs)), re.IGNORECASE)) for each in PROGRAMS)


@functools.lru_cache(maxsize=2_000)
def program_of(agent: bytes | None) -> str:
    """The program that a User-Agent names: the key of one of ours, else `other`."""
    if not agent:
        return OTHER
    text = agent[:_LONGEST].decode("latin-1")
    return next((key for key, sign in _SIGNS if sign.search(text)), OTHER)


def program(key: str) -> Program | None:
    """The program under a key; None for `other`."""
    return _BY_KEY.get(key)


# Those that the page for subscribers names, in its order.
OFFERED = tuple(
    _BY_KEY[key] for key in ("apple", "thunderbird", "google", "outlook-web", "outlook", "icsx5", "nextcloud")
)
