"""Names of departments as offices shorten them, and a word for each that a code can be made of.

Long forms come before the short ones that they contain. What is not here gets a code from a checksum of its name.
"""

# (as it is written in full, as it is shortened, the word for a code)
DEPARTMENTS: tuple[tuple[str, str, str], ...] = (
    ("人力资源和社会保障", "人社", "human-resources"),
    ("人力资源社会保障", "人社", "human-resources"),
    ("发展和改革", "发改", "development-reform"),
    ("发展改革", "发改", "development-reform"),
    ("经济和信息化", "经信", "economy-information"),
    ("工业和信息化", "工信", "industry-information"),
    ("住房和城乡建设", "住建", "housing-construction"),
    ("住房城乡建设", "住建", "housing-construction"),
    ("自然资源和规划", "资规", "natural-resources"),
    ("规划和自然资源", "资规", "natural-resources"),
    ("自然资源", "自然资源", "natural-resources"),
    ("文化和旅游", "文旅", "culture-tourism"),
    ("文化旅游", "文旅", "culture-tourism"),
    ("文化广电旅游", "文旅", "culture-tourism"),
    ("卫生健康", "卫健", "health"),
    ("市场监督管理", "市监", "market-regulation"),
    ("市场监管", "市监", "market-regulation"),
    ("城市管理行政执法", "城管执法", "urban-management"),
    ("城市管理", "城管", "urban-management"),
    ("应急管理", "应急", "emergency"),
    ("机构编制委员会", "编", "staffing"),
    ("农业农村", "农业农村", "agriculture-rural"),
    ("生态环境", "生态环境", "ecology-environment"),
    ("退役军人事务", "退役军人", "veterans"),
    ("退役军人", "退役军人", "veterans"),
    ("医疗保障", "医保", "medical-insurance"),
    ("行政审批", "审批", "approval"),
    ("政务服务", "政务", "government-services"),
    ("交通运输", "交通", "transport"),
    ("国有资产监督管理", "国资", "state-assets"),
    ("公共资源交易", "公共资源交易", "public-trading"),
    ("乡村振兴", "乡村振兴", "rural-revitalisation"),
    ("大数据", "大数据", "big-data"),
    ("公安", "公安", "public-security"),
    ("司法", "司法", "justice"),
    ("财政", "财政", "finance"),
    ("教育体育", "教体", "education"),
    ("教育", "教育", "education"),
    ("科学技术", "科技", "science-technology"),
    ("科技", "科技", "science-technology"),
    ("民政", "民政", "civil-affairs"),
    ("审计", "审计", "audit"),
    ("统计", "统计", "statistics"),
    ("商务", "商务", "commerce"),
    ("水利", "水利", "water"),
    ("水务", "水务", "water"),
    ("林业", "林业", "forestry"),
    ("信访", "信访", "petitions"),
    ("税务", "税务", "tax"),
    ("气象", "气象", "weather"),
    ("体育", "体育", "sports"),
    ("金融", "金融", "financial-services"),
    ("组织部", "组织部", "organisation"),
    ("宣传部", "宣传部", "publicity"),
    ("统战部", "统战部", "united-front"),
    ("政法委", "政法委", "political-legal"),
    ("网信", "网信", "cyberspace"),
    ("消防救援", "消防", "fire-rescue"),
    ("消防", "消防", "fire-rescue"),
    ("总工会", "总工会", "trade-unions"),
    ("妇联", "妇联", "women"),
    ("残联", "残联", "disabled"),
)

_SAME = (("委员会", "委"), ("办公室", "办"), ("人民政府", "政府"), ("办公厅", "办"), ("中国共产党", ""), ("中共", ""))


def plain_name(name: str) -> str:
    """A name in its shortest usual form: `市发展和改革委员会` is 市发改委, `区政府办公室` is 区政府办."""
    for full, short, _ in DEPARTMENTS:
        if full != short and full in name:
            name = name.replace(full, short)
            break
    for full, short in _SAME:
        name = name.replace(full, short)
    return name


def word_for(name: str) -> str | None:
    """The word that a code is made of, for a department that we know."""
    full = next((word for full, _, word in DEPARTMENTS if full in name), None)
    return full or next((word for _, short, word in DEPARTMENTS if len(short) > 1 and short in name), None)
