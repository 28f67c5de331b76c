"""What the packaged statutory days do not say themselves: the notices that they come from, and the holidays' names."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HolidayName:
    """A holiday in Chinese and English."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Where a year's statutory days come from: the document number, and those that changed it later."""

    number: str
    amended_by: tuple[str, ...] = ()


# 国务院办公厅关于某年部分节假日安排的通知, by the year that it arranges. The notices for 2004 to 2007 are packaged
# without a number that could be confirmed: their days are known, their numbers are left out.
NOTICES: dict[int, Notice] = {
    2008: Notice("国办发明电〔2007〕52号"),
    2009: Notice("国办发明电〔2008〕42号"),
    2010: Notice("国办发明电〔2009〕27号"),
    2011: Notice("国办发明电〔2010〕40号"),
    2012: Notice("国办发明电〔2011〕45号"),
    2013: Notice("国办发明电〔2012〕33号"),
    2014: Notice("国办发明电〔2013〕28号"),
    2015: Notice("国办发明电〔2014〕28号", amended_by=("国发明电〔2015〕1号",)),  # 3 to 5 September
    2016: Notice("国办发明电〔2015〕18号"),
    2017: Notice("国办发明电〔2016〕17号"),
    2018: Notice("国办发明电〔2017〕12号"),
    2019: Notice("国办发明电〔2018〕15号", amended_by=("国办发明电〔2019〕3号",)),  # 1 to 4 May
    2020: Notice("国办发明电〔2019〕16号", amended_by=("国办发明电〔2020〕1号",)),  # Spring Festival to 2 February
    2021: Notice("国办发明电〔2020〕27号"),
    2022: Notice("国办发明电〔2021〕11号"),
    2023: Notice("国办发明电〔2022〕16号"),
    2024: Notice("国办发明电〔2023〕7号"),
    2025: Notice("国办发明电〔2024〕12号"),
    2026: Notice("国办发明电〔2025〕7号"),
}

# The package names holidays in English and, in Chinese, in short forms (清明); these are the names of the notices.
NAMES: dict[str, HolidayName] = {
    "New Year's Day": HolidayName("元旦", "New Year's Day"),
    "Spring Festival": HolidayName("春节", "Spring Festival"),
    "Tomb-sweeping Day": HolidayName("清明节", "Tomb-Sweeping Day"),
    "Labour Day": HolidayName("劳动节", "Labour Day"),
    "Dragon Boat Festival": HolidayName("端午节", "Dragon Boat Festival"),
    "Mid-autumn Festival": HolidayName("中秋节", "Mid-Autumn Festival"),
    "National Day": HolidayName("国庆节", "National Day"),
    "Anti-Fascist 70th Day": HolidayName("抗战胜利70周年纪念日", "Victory Day, 70th anniversary"),
}
