"""Closed lists of words: a stable key, the word in both languages, and what people write instead."""

from __future__ import annotations

from typing import NamedTuple

from sheets_crm.text import Text


class Choice(NamedTuple):
    """One word of a closed list."""

    key: str
    words: Text
    synonyms: tuple[str, ...] = ()


class Choices(NamedTuple):
    """A closed list; matching ignores case, spaces at the ends and ё/е."""

    name: str
    items: tuple[Choice, ...]

    def words(self, lang: str) -> tuple[str, ...]:
        """The list as it is offered in a dropdown."""
        return tuple(item.words.get(lang) for item in self.items)

    def word(self, key: str) -> Text:
        """The word of a key; KeyError if there is none."""
        for item in self.items:
            if item.key == key:
                return item.words
        raise KeyError(key)

    def lookup(self) -> dict[str, str]:
        """Every accepted spelling, folded, to its key."""
        return {
            spelling.casefold().replace("ё", "е"): item.key
            for item in self.items
            for spelling in (item.key, *item.words, *item.synonyms)
        }


def _list(name: str, *items: tuple[str, str, str] | tuple[str, str, str, tuple[str, ...]]) -> Choices:
    return Choices(name, tuple(Choice(i[0], Text(i[1], i[2]), i[3] if len(i) == 4 else ()) for i in items))


KIND = _list(
    "kind",
    ("active", "Active", "Активный"),
    ("passive", "On hold", "Пауза", ("Passive", "Пассивный")),
    ("won", "Won", "Успех", ("Успешно",)),
    ("lost", "Lost", "Отказ", ("Проигрыш",)),
    ("handover", "Handover", "Передача"),
    ("refund", "Refund", "Возврат"),
)
CATEGORY = _list(
    "category",
    ("junk", "Junk", "Брак"),
    ("sales", "Sales", "Продажи"),
    ("nurture", "Nurture", "Тёплые"),
)
TASK_TYPE = _list(
    "type",
    ("call", "Call", "Звонок", ("Phone", "Phone call", "Телефон", "Телефонный звонок")),
    ("email", "Email", "Email", ("E-mail", "Mail", "Письмо", "Почта", "Эл. почта")),
    (
        "messenger",
        "Messenger",
        "Мессенджер",
        ("WhatsApp", "WA", "Telegram", "TG", "Viber", "SMS", "Ватсап", "Телеграм", "Вотсап", "Чат", "Chat"),
    ),
    ("linkedin", "LinkedIn", "LinkedIn", ("Линкедин",)),
    ("meeting", "Meeting", "Встреча", ("Zoom", "Demo", "Демо", "Зум")),
    ("task", "Task", "Задача", ("To-do", "Дело")),
)
DIRECTION = _list(
    "direction",
    ("in", "Incoming", "Входящее", ("Inbound", "Входящий")),
    ("out", "Outgoing", "Исходящее", ("Outbound", "Исходящий")),
)
STATUS = _list(
    "status",
    ("open", "Open", "Открыта", ("Планируется",)),
    ("done", "Done", "Сделана", ("Выполнена", "Закрыта", "Closed")),
    ("cancelled", "Cancelled", "Отменена", ("Canceled",)),
)
OUTCOME = _list(
    "outcome",
    ("done", "Done", "Состоялось"),
    ("no_answer", "No answer", "Недозвон"),
    ("rescheduled", "Rescheduled", "Перенос"),
    ("refused", "Refused", "Отказ"),
    ("spam", "Spam", "Спам"),
)
ROLE = _list(
    "role",
    ("rep", "Rep", "Менеджер", ("Sales rep", "Менеджер по продажам")),
    ("hos", "Head of Sales", "РОП", ("HoS", "Руководитель отдела продаж")),
    ("other", "Other", "Другое"),
)
YESNO = _list("yesno", ("yes", "Yes", "Да", ("true", "1")), ("no", "No", "Нет", ("false", "0")))
SEVERITY = _list(
    "severity",
    ("error", "Error", "Ошибка"),
    ("warning", "Warning", "Предупреждение"),
    ("info", "Info", "К сведению"),
)
METRIC = _list(
    "metric",
    ("revenue", "Revenue", "Выручка", ("Sales", "Продажи")),
    ("deals", "Won deals", "Выигранные сделки", ("Deals", "Сделки")),
)
DECISION = _list(
    "decision",
    ("accepted", "Accepted", "Принято", ("Принять",)),
    ("rejected", "Rejected", "Отклонено", ("Отклонить",)),
)
ABSENCE = _list(
    "absence",
    ("holiday", "Holiday", "Отпуск", ("Vacation",)),
    ("sick", "Sick", "Больничный"),
    ("other", "Other", "Другое"),
)
