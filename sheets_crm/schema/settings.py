"""Settings: a name, a kind, a default and a meaning; their values stand in the sheet Sales Book."""

from __future__ import annotations

from typing import Literal, NamedTuple

from sheets_crm.text import Text, same

SettingKind = Literal[
    "whole", "number", "yesno", "text", "date", "word", "weekdays", "time", "zone", "country", "order"
]

FIRM = "FIRM"
"""The code under which the firm's own settings stand in the Sales Book."""


class Setting(NamedTuple):
    """One setting; the default may differ by the language of the workbook."""

    name: str
    kind: SettingKind
    default: Text
    meaning: Text
    words: tuple[str, ...] = ()
    """The words allowed, for kind `word`."""
    least: float | None = None
    most: float | None = None


def _setting(
    name: str, kind: SettingKind, default: str | Text, en: str, ru: str, words: str = "",
    least: float | None = None, most: float | None = None,
) -> Setting:  # fmt: skip
    default = default if isinstance(default, Text) else same(default)
    return Setting(name, kind, default, Text(en, ru), tuple(words.split()), least, most)


FIRM_SETTINGS: dict[str, Setting] = {
    s.name: s
    for s in (
        _setting("lang", "word", Text("en", "ru"), "Language of what is written here: en or ru",
                 "Язык всего, что пишет программа: en или ru", "en ru"),
        _setting("time_zone", "zone", Text("UTC", "Europe/Moscow"), "The firm's time zone; it decides what today is",
                 "Часовой пояс фирмы; от него зависит «сегодня»"),
        _setting("country", "country", Text("", "RU"), "Country of the public holidays, two letters; blank: weekends only",
                 "Страна праздников, две буквы; пусто: только выходные"),
        _setting("date_order", "order", "", "How dates typed as text are read: dmy or mdy; blank: day first, and a date that can be read both ways is told",
                 "Как читать даты, набранные текстом: dmy или mdy; пусто: сначала день, а дату, которую можно понять двояко, покажет аудит", "dmy mdy"),
        _setting("base_currency", "text", Text("USD", "RUB"), "The firm's currency; a blank currency means this one",
                 "Валюта фирмы; пустая валюта значит эту"),
        _setting("work_days", "weekdays", "1-5", "Working days; Monday is 1", "Рабочие дни; понедельник 1"),
        _setting("day_start", "time", "09:00", "Start of the working day", "Начало рабочего дня"),
        _setting("day_end", "time", "18:00", "End of the working day", "Конец рабочего дня"),
        _setting("binding_from", "date", "", "From this day the rules bind; blank: the day of the first run",
                 "С этого дня правила обязательны; пусто: день первого запуска"),
        _setting("period", "word", "month", "Period of score and forecast: month or quarter",
                 "Период оценки и прогноза: month или quarter", "month quarter"),
        _setting("bonus_period", "word", "month", "Bonus period: month or quarter",
                 "Период премии: month или quarter", "month quarter"),
        _setting("bonus_mode", "word", "weeks", "What counts for the bonus: weeks, per_rule or per_finding",
                 "Что считается для премии: weeks, per_rule или per_finding", "weeks per_rule per_finding"),
        _setting("bonus_free_count", "whole", "1", "Findings a week that cost nothing",
                 "Сколько замечаний в неделю не влияют на премию", least=0),
        _setting("bonus_free_share", "number", "2", "The same as a share of the rows judged, %",
                 "То же в доле проверенных строк, %", least=0, most=100),
        _setting("grace_days", "whole", "2", "Working days to mend a finding before it counts",
                 "Рабочих дней на исправление, пока замечание не считается", least=0),
        _setting("bonus_plan", "word", "none", "Whether the sales plan enters the bonus: none or attainment",
                 "Входит ли план продаж в премию: none или attainment", "none attainment"),
        _setting("bonus_plan_cap", "number", "1", "The most that the plan part may be",
                 "Наибольшая доля за выполнение плана", least=0),
        _setting("bonus_sheet", "word", "in_workbook", "Where the bonus sheet goes: in_workbook or separate_file",
                 "Где лист премий: in_workbook или separate_file", "in_workbook separate_file"),
        _setting("won_means", "word", "first_payment", "What a win is: first_payment, signed or full_payment",
                 "Что считать победой: first_payment, signed или full_payment", "first_payment signed full_payment"),
        _setting("revenue_basis", "word", "amount", "What revenue is: amount or cash",
                 "Что считать выручкой: amount или cash", "amount cash"),
        _setting("amounts_include_vat", "yesno", "yes", "Whether amounts include VAT", "Суммы с НДС или без"),
        _setting("ramp_days", "whole", "10", "Working days before the rules bind a new hire",
                 "Рабочих дней, пока правила не обязательны для новичка", least=0),
        _setting("transfer_grace_days", "whole", "5", "Working days of peace for whoever received a deal",
                 "Рабочих дней покоя тому, кто получил сделку", least=0),
        _setting("override_days", "whole", "14", "Days a probability from a one-on-one holds",
                 "Сколько дней действует вероятность с 1-1", least=1),
        _setting("event_feed_consent", "yesno", "no", "Whether people agreed to the day log",
                 "Согласны ли люди на ленту событий"),
        _setting("backups_kept", "whole", "20", "Backups of a workbook file that are kept in any case, the newest",
                 "Сколько последних резервных копий файла хранить в любом случае", least=1),
        _setting("backups_days", "whole", "14", "Beyond these, one backup a day for so many days",
                 "Сверх этого: по одной копии в день, за столько дней", least=0),
        _setting("backups_weeks", "whole", "12", "And one a week for so many weeks",
                 "И по одной в неделю, за столько недель", least=0),
        _setting("backups_months", "whole", "24", "And one a month for so many months",
                 "И по одной в месяц, за столько месяцев", least=0),
    )
}  # fmt: skip
"""The firm's own settings, by name, in the order in which the Sales Book lists them."""
