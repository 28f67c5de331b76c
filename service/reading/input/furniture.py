"""What web pages and printers put around a text: sharing, printing, counters, crumbs, page numbers, imprints.

Dates and sources (来源, 发布日期) stay: the head of a draft is read from them. Text is simplified already.
"""

import re
from collections.abc import Iterator

LONGEST = 90  # characters of a line that is furniture as a whole

# A button's words; several may stand on one line.
_BUTTON = (
    r"(?:我要)?(?:打印(?:本页|本文|此页)?|关闭(?:窗口|本页|页面)?|收藏(?:本页)?|复制(?:链接)?|纠错|下载|回到顶部|"
    r"返回(?:顶部|首页|列表|上页)?|首页|登录|注册|无障碍(?:浏览|阅读)?|长者(?:版|模式)|网站地图|联系我们|关于我们|设为首页|加入收藏|"
    r"当前页二维码|文件预览|附件下载|相关(?:文章|链接|阅读|新闻)|朗读|语音播报|点赞|举报|评论|转发|打赏|反对|保存|[上下]一页)"
)
_SHARE = r"(?:一键)?分享(?:到|至)?[:：]?(?: *(?:微信|新浪微博|微博|QQ空间|QQ好友|QQ|腾讯微博|人人网|朋友圈|更多))*"
_LETTERS = r"(?: *[\[【(（]?(?:超大|特大|加大|大|中|小|默认|[A-Z][+-]?)[\]】)）]?)+"
_COUNTER = r"(?:浏览|点击|阅读|访问|查看|人气)(?:次数|量|数|率)?[:：]? *[0-9]+ *(?:人次|次)?"
_NUMBERS = r"(?:反对|举报|收藏|打赏|点赞|评论|转发|顶|踩) *[0-9]+"

# Atomic groups: words that could be cut in two ways must not be tried in all of them.
_WHOLE = re.compile(
    r"(?:"
    rf"(?:[\[【]?(?>{_COUNTER}|{_NUMBERS}|{_BUTTON}|{_SHARE}|(?:字体|字号|文字大小)[:：]?{_LETTERS})[\]】]?"
    r"[ |｜/·•>]*+)++"
    r"|[\[【](?:字号|字体).{0,20}"
    r"|(?:浏览|点击|阅读|访问)(?:次数|量|数)[:：]"
    r"|(?:您|你|当前|现在|所在)[^:：]{0,8}位置(?:是)?[:：].{0,80}"
    r"|今天是[:：]? ?[0-9]{4}年.{0,40}"
    r"|(?:- ?)?[上下]一[篇条][:：].{0,80}"
    r"|(?:版权所有|Copyright|©).{0,80}|.{0,60}(?:ICP备|公网安备|网站标识码).{0,60}"
    r"|(?:技术支持|网站维护|责任编辑|编辑|初审|终审)[:：].{0,20}"
    r"|(?:主办|承办)(?:单位)?[:：].{0,40}(?:技术支持|版权|网站|地址|电话|邮编).{0,60}"
    r"|扫一扫.{0,20}|.{0,6}手机(?:打开|查看|阅读)(?:当前页)?"
    r"|更多 ?>.{0,12}"
    r")",
    re.IGNORECASE,
)
_DASHES = r"[-—–－─·•]{1,3}"
_PAGE_NUMBER = re.compile(
    rf"{_DASHES}[ \u3000]?\d{{1,4}}[ \u3000]?{_DASHES}|\d{{1,4}} ?/ ?\d{{1,4}} ?页"
    r"|第 ?\d{1,4} ?页(?:[ ,，/]*共 ?\d{1,4} ?页)?"
)
# What is unmistakable inside a line as well, as pages have it that were flattened to one.
_INSIDE = re.compile(
    rf"[\[【]?(?:字体|字号)[:：]{_LETTERS}[\]】]?|[\[【](?:打印|关闭|收藏|关闭窗口|打印本页|我要纠错)[\]】]|打印本页|关闭窗口|关闭本页"
    r"|(?:浏览|点击|阅读)(?:次数|量|数)[:：] *[0-9]+ *次?(?!以上|万)"
    r"|分享(?:到|至)[:：](?: *(?:微信|新浪微博|微博|QQ空间|腾讯微博|朋友圈))*|扫一扫在手机打开当前页",
    re.IGNORECASE,
)


def furniture(text: str) -> list[tuple[int, int]]:
    """Where furniture stands, in order: whole lines, and pieces of others."""
    return list(_places(text))


def _places(text: str) -> Iterator[tuple[int, int]]:
    for line in re.finditer(r"[^\n]+", text):
        words = line[0].strip(" \u3000\t\u00a0")
        if not words:
            continue
        if len(words) <= LONGEST and (_WHOLE.fullmatch(words) or _PAGE_NUMBER.fullmatch(words)):
            yield line.span()
            continue
        for piece in _INSIDE.finditer(line[0]):
            yield line.start() + piece.start(), line.start() + piece.end()
