"""Deals and Tasks: the two sheets that people work in every day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sheets_crm.schema.choices import DIRECTION, OUTCOME, STATUS, TASK_TYPE
from sheets_crm.schema.column import Row, column, table
from sheets_crm.text import Text

HYGIENE = ("To fix", "Что исправить")
HYGIENE_MEANING = (
    "Written by the audit: what is wrong in this row, worst first. Empty when all is well.",
    "Пишет аудит: что не так в этой строке, сначала главное. Пусто, если всё в порядке.",
)


@table("Deals", Text("Deals", "Сделки"), prefix="D")
@dataclass(frozen=True, slots=True)
class Deal(Row):
    """One deal: a chance of one sale to one client."""

    deal_id: str | None = column(
        "id",
        ("Deal ID", "№ сделки"),
        (
            "Number of the deal; left empty, it is filled in once by the audit.",
            "Номер сделки; если пусто, аудит проставит один раз.",
        ),
        aliases=("ID", "ID сделки", "Номер сделки", "Deal number"),
    )
    name: str | None = column(
        "text",
        ("Deal", "Сделка"),
        ("What is being sold and to whom, in a few words.", "Что и кому продаём, в нескольких словах."),
        daily=True,
        aliases=("Deal name", "Название", "Название сделки", "Opportunity", "Title"),
        width=30,
    )
    company_id: str | None = column(
        "ref",
        ("Company", "Компания"),
        ("The client: a company ID or its unique name.", "Клиент: № компании или её единственное название."),
        daily=True,
        refers="Companies.name",
        width=24,
        aliases=("Client", "Customer", "Клиент", "Заказчик", "Account", "Название компании"),
    )
    stage: str | None = column(
        "ref",
        ("Stage", "Этап"),
        (
            "Where the deal is now; the words of the sheet Stages.",
            "Где сделка сейчас; слова с листа «Этапы».",
        ),
        daily=True,
        required=True,
        refers="Stages.stage",
        aliases=("Deal stage", "Этап сделки", "Стадия", "Стадия сделки", "Pipeline stage"),
    )
    next_step: str | None = column(
        "note",
        ("Next step", "Следующий шаг"),
        (
            "What we do next, if you do not keep a sheet of tasks.",
            "Что делаем дальше, если вы не ведёте лист задач.",
        ),
        daily=True,
        aliases=("Next action", "Следующее действие", "Next activity"),
        width=28,
    )
    next_date: date | None = column(
        "date",
        ("Next date", "Дата шага"),
        ("When the next step is due.", "Когда следующий шаг."),
        daily=True,
        aliases=("Next step date", "Next action date", "Дата следующего шага", "Дата следующего действия"),
    )
    hygiene: str = column("hygiene", HYGIENE, HYGIENE_MEANING, daily=True)
    amount: Decimal | None = column(
        "money",
        ("Amount", "Сумма"),
        ("Expected revenue of the deal, in its currency.", "Ожидаемая выручка по сделке, в её валюте."),
        daily=True,
        aliases=("Budget", "Бюджет", "Value", "Deal value", "Сумма сделки", "Стоимость"),
    )
    expected_close: date | None = column(
        "date",
        ("Expected close", "План закрытия"),
        ("The day on which you expect the deal to be won.", "День, когда вы ждёте победы по сделке."),
        daily=True,
        aliases=("Expected close date", "Close date", "Плановая дата закрытия", "Дата закрытия план"),
    )
    owner: str | None = column(
        "ref",
        ("Owner", "Ответственный"),
        ("Who leads the deal; a user of the sheet Team.", "Кто ведёт сделку; сотрудник с листа «Команда»."),
        daily=True,
        refers="Team.user",
        aliases=(
            "Manager",
            "Менеджер",
            "Deal owner",
            "Sales rep",
            "Rep",
            "Salesperson",
            "Ответственный менеджер",
        ),
    )
    contact_id: str | None = column(
        "ref",
        ("Contact", "Контакт"),
        (
            "The person we talk to: a contact ID or a unique name.",
            "С кем говорим: № контакта или единственное имя.",
        ),
        daily=True,
        refers="Contacts.name",
        aliases=("Contact person", "Контактное лицо", "Основной контакт"),
    )
    product: str | None = column(
        "text",
        ("Product", "Продукт"),
        ("What is being sold.", "Что продаём."),
        daily=True,
        aliases=("Товар", "Услуга"),
    )
    source: str | None = column(
        "text",
        ("Source", "Источник"),
        ("How the client came to us.", "Как клиент узнал о нас."),
        daily=True,
        aliases=("Lead source", "Источник лида", "Источник сделки"),
    )
    need: str | None = column(
        "note",
        ("Need", "Потребность"),
        ("The client's task in the client's words.", "Задача клиента его словами."),
        daily=True,
    )
    decision_maker: str | None = column(
        "text",
        ("Decision maker", "ЛПР"),
        ("Who decides on the client's side.", "Кто принимает решение у клиента."),
        daily=True,
        aliases=("Лицо, принимающее решение",),
    )
    lost_reason: str | None = column(
        "ref",
        ("Lost reason", "Причина отказа"),
        (
            "Why the deal was lost; the words of the sheet Loss reasons.",
            "Почему сделка проиграна; слова с листа «Причины отказа».",
        ),
        daily=True,
        refers="LossReasons.reason",
        width=22,
        aliases=("Loss reason", "Closed lost reason", "Причина проигрыша", "Причина потери"),
    )
    lost_comment: str | None = column(
        "note",
        ("Lost comment", "Комментарий к отказу"),
        ("What exactly happened, in the client's words.", "Что именно произошло, словами клиента."),
        daily=True,
        aliases=("Loss comment",),
    )
    reactivate_on: date | None = column(
        "date",
        ("Return on", "Вернуться"),
        (
            "When to come back to a paused or lost client.",
            "Когда вернуться к клиенту на паузе или после отказа.",
        ),
        daily=True,
    )
    pipeline: str | None = column(
        "text",
        ("Pipeline", "Воронка"),
        (
            "Only if you have several; blank means the only one.",
            "Только если воронок несколько; пусто: единственная.",
        ),
    )
    referred_by: str | None = column(
        "text", ("Referred by", "Кто рекомендовал"), ("Who recommended us.", "Кто нас порекомендовал.")
    )
    currency: str | None = column(
        "text",
        ("Currency", "Валюта"),
        (
            "Three letters, as RUB or USD; blank means the base currency.",
            "Три буквы, как RUB или USD; пусто: основная валюта.",
        ),
        width=9,
    )
    margin: Decimal | None = column(
        "money", ("Margin", "Маржа"), ("Gross profit of the deal.", "Валовая прибыль сделки.")
    )
    created_at: datetime | None = column(
        "moment",
        ("Created", "Создана"),
        ("When the enquiry came.", "Когда пришло обращение."),
        aliases=(
            "Created at",
            "Created date",
            "Create date",
            "Creation date",
            "Дата создания",
            "Дата создания сделки",
        ),
    )
    first_response_at: datetime | None = column(
        "moment",
        ("First response", "Первый ответ"),
        ("When we first answered the client.", "Когда мы впервые ответили клиенту."),
    )
    stage_entered_at: date | None = column(
        "date",
        ("In stage since", "На этапе с"),
        ("The day the deal entered its present stage.", "День, когда сделка попала на нынешний этап."),
        aliases=("Stage entered", "Date entered stage"),
    )
    closed_at: date | None = column(
        "date",
        ("Closed", "Закрыта"),
        ("The day the deal was won or lost.", "День победы или отказа."),
        aliases=("Closed at", "Closed date", "Closed on", "Closing date", "Дата закрытия"),
    )
    reactivated_from: str | None = column(
        "ref",
        ("Reactivated from", "Возвращена из"),
        (
            "The earlier deal of the same client that this one continues.",
            "Прежняя сделка того же клиента, которую эта продолжает.",
        ),
    )
    prob_override: Decimal | None = column(
        "percent",
        ("1-1 probability, %", "Вероятность 1-1, %"),
        ("Probability agreed at a one-on-one, 0-100.", "Вероятность, согласованная на 1-1, 0-100."),
    )
    prob_by: str | None = column(
        "ref",
        ("Set by", "Кто оценил"),
        ("Who set the probability.", "Кто поставил вероятность."),
        refers="Team.user",
    )
    prob_at: date | None = column(
        "date", ("Set on", "Когда оценил"), ("When it was set.", "Когда поставлена.")
    )
    prob_note: str | None = column(
        "note", ("Why", "Почему"), ("Why this probability.", "Почему такая вероятность.")
    )
    updated_at: datetime | None = column(
        "moment",
        ("Updated", "Изменена"),
        ("When the row was last changed.", "Когда строку меняли последний раз."),
        aliases=("Updated at", "Last modified", "Дата изменения", "Дата редактирования"),
    )
    quote_link: str | None = column(
        "link",
        ("Proposal link", "Ссылка на КП"),
        ("Where the proposal lies.", "Где лежит коммерческое предложение."),
    )
    terms: str | None = column(
        "note",
        ("Agreed terms", "Согласованные условия"),
        ("What was agreed with the client.", "О чём договорились с клиентом."),
    )
    contract_no: str | None = column(
        "text",
        ("Contract no.", "№ договора"),
        ("Number of the contract.", "Номер договора."),
        aliases=("Contract", "Договор", "Номер договора"),
    )
    paid_amount: Decimal | None = column(
        "money", ("Paid", "Оплачено"), ("How much the client has paid.", "Сколько клиент уже оплатил.")
    )
    paid_at: date | None = column(
        "date", ("Paid on", "Дата оплаты"), ("When the payment came.", "Когда пришла оплата.")
    )
    segment: str | None = column(
        "text",
        ("Mailing segment", "Сегмент рассылки"),
        ("Which mailing the client gets.", "Какую рассылку получает клиент."),
    )


@table("Tasks", Text("Tasks", "Задачи"), prefix="T")
@dataclass(frozen=True, slots=True)
class Task(Row):
    """One action, planned or done; with a deal, it is a step of that deal."""

    due_at: datetime | None = column(
        "moment",
        ("Due", "Срок"),
        ("When it has to be done.", "Когда надо сделать."),
        daily=True,
        aliases=("Due date", "Deadline", "Дедлайн", "Дата задачи"),
    )
    deal_id: str | None = column(
        "ref",
        ("Deal", "Сделка"),
        ("The deal: its ID or its unique name.", "Сделка: № или единственное название."),
        daily=True,
        refers="Deals.name",
        aliases=("Deal ID", "№ сделки"),
        width=26,
    )
    deal_company: str = column(
        "lookup", ("Company", "Компания"), ("Looked up from the deal.", "Берётся из сделки."), daily=True
    )
    deal_stage: str = column(
        "lookup", ("Stage", "Этап"), ("Looked up from the deal.", "Берётся из сделки."), daily=True
    )
    type: str | None = column(
        "choice",
        ("Type", "Тип"),
        ("How we reach the client.", "Как связываемся с клиентом."),
        daily=True,
        choices=TASK_TYPE,
        aliases=("Task type", "Тип задачи", "Activity type"),
    )
    title: str | None = column(
        "note",
        ("Task", "Что сделать"),
        ("What to do, so that a colleague understands it.", "Что сделать, чтобы понял и коллега."),
        daily=True,
        aliases=("Title", "Subject", "Название задачи"),
    )
    goal: str | None = column(
        "note",
        ("Expected outcome", "Зачем (результат)"),
        ("What we want to have agreed afterwards.", "О чём хотим договориться."),
        daily=True,
        aliases=("Goal", "Цель"),
    )
    hygiene: str = column("hygiene", HYGIENE, HYGIENE_MEANING, daily=True)
    done_at: datetime | None = column(
        "moment",
        ("Done", "Сделано"),
        ("When it was done; empty while it is open.", "Когда сделано; пусто, пока открыта."),
        daily=True,
        aliases=("Done at", "Completed", "Дата выполнения", "Выполнено"),
    )
    outcome: str | None = column(
        "choice", ("Outcome", "Итог"), ("How it ended.", "Чем закончилось."), daily=True, choices=OUTCOME
    )
    result: str | None = column(
        "note",
        ("Result", "О чём договорились"),
        (
            "What was said, what was agreed, when and why we talk next.",
            "Что обсудили, о чём договорились, когда и зачем следующий контакт.",
        ),
        daily=True,
        aliases=("Comment", "Комментарий", "Результат"),
    )
    owner: str | None = column(
        "ref",
        ("Owner", "Ответственный"),
        ("Who does it; blank means the deal's owner.", "Кто делает; пусто: ответственный за сделку."),
        daily=True,
        refers="Team.user",
        aliases=("Manager", "Менеджер", "Исполнитель", "Assigned to"),
    )
    task_id: str | None = column(
        "id",
        ("Task ID", "№ задачи"),
        (
            "Number of the task; left empty, it is filled in once by the audit.",
            "Номер задачи; если пусто, аудит проставит один раз.",
        ),
        aliases=("ID", "ID задачи"),
    )
    subtype: str | None = column(
        "text",
        ("Subtype", "Вид"),
        ("A firm's own kind of action, as cold call.", "Собственный вид действия, например холодный звонок."),
    )
    direction: str | None = column(
        "choice",
        ("Direction", "Вход./исход."),
        ("Who reached out; blank means we did.", "Кто вышел на связь; пусто: мы."),
        choices=DIRECTION,
    )
    created_at: datetime | None = column(
        "moment",
        ("Created", "Поставлена"),
        ("When the task was set.", "Когда поставлена задача."),
        aliases=("Created at", "Создана", "Дата создания"),
    )
    status: str | None = column(
        "choice",
        ("Status", "Статус"),
        ("Blank means: as «Done» says.", "Пусто: как в столбце «Сделано»."),
        choices=STATUS,
    )
    link: str | None = column(
        "link",
        ("Link", "Ссылка"),
        ("Where the text or the recording lies.", "Где лежит переписка или запись."),
    )
    minutes: Decimal | None = column("number", ("Minutes", "Минут"), ("How long it took.", "Сколько заняло."))
    contact_id: str | None = column(
        "ref",
        ("Contact", "Контакт"),
        ("With whom, if not the deal's contact.", "С кем, если не контакт сделки."),
    )
    company_id: str | None = column(
        "ref",
        ("Company ID", "Компания (ID)"),
        ("Which company, if there is no deal.", "Какая компания, если сделки нет."),
    )


@table("Companies", Text("Companies", "Компании"), prefix="C")
@dataclass(frozen=True, slots=True)
class Company(Row):
    """A client firm."""

    company_id: str | None = column(
        "id",
        ("Company ID", "№ компании"),
        ("Number of the company; filled in once by the audit.", "Номер компании; аудит проставит один раз."),
        aliases=("ID",),
    )
    name: str | None = column(
        "text",
        ("Company", "Компания"),
        ("Its name.", "Название."),
        daily=True,
        width=30,
        aliases=("Name", "Company name", "Название", "Название компании"),
    )
    industry: str | None = column(
        "text", ("Industry", "Отрасль"), ("What it does.", "Чем занимается."), daily=True
    )
    tax_id: str | None = column(
        "text", ("Tax ID", "ИНН"), ("Its number with the tax office.", "ИНН."), daily=True
    )
    site: str | None = column("link", ("Website", "Сайт"), ("Its site.", "Сайт."), daily=True)
    city: str | None = column("text", ("City", "Город"), ("Where it is.", "Где находится."), daily=True)
    owner: str | None = column(
        "ref",
        ("Owner", "Ответственный"),
        ("Who looks after it.", "Кто за неё отвечает."),
        daily=True,
        refers="Team.user",
        aliases=("Manager", "Менеджер"),
    )
    hygiene: str = column("hygiene", HYGIENE, HYGIENE_MEANING, daily=True)


@table("Contacts", Text("Contacts", "Контакты"), prefix="P")
@dataclass(frozen=True, slots=True)
class Contact(Row):
    """A person at a client."""

    contact_id: str | None = column(
        "id",
        ("Contact ID", "№ контакта"),
        ("Number of the contact; filled in once by the audit.", "Номер контакта; аудит проставит один раз."),
        aliases=("ID",),
    )
    company_id: str | None = column(
        "ref",
        ("Company", "Компания"),
        ("Where the person works: an ID or a unique name.", "Где работает: № или единственное название."),
        daily=True,
        refers="Companies.name",
        width=26,
    )
    name: str | None = column(
        "text",
        ("Contact", "Контакт"),
        ("First and last name.", "Имя и фамилия."),
        daily=True,
        width=24,
        aliases=("Name", "Full name", "ФИО", "Имя"),
    )
    role: str | None = column(
        "text",
        ("Position", "Должность"),
        ("What the person does there.", "Кем работает."),
        daily=True,
        aliases=("Role", "Job title"),
    )
    phone: str | None = column(
        "phone",
        ("Phone", "Телефон"),
        ("With the country code.", "С кодом страны."),
        daily=True,
        aliases=("Рабочий телефон", "Мобильный телефон", "Phone number"),
    )
    email: str | None = column(
        "email", ("Email", "E-mail"), ("Work address.", "Рабочий адрес."), daily=True, aliases=("Почта",)
    )
    messenger: str | None = column(
        "text",
        ("Messenger", "Мессенджер"),
        ("Telegram, WhatsApp and so on.", "Telegram, WhatsApp и другие."),
        daily=True,
    )
    owner: str | None = column(
        "ref",
        ("Owner", "Ответственный"),
        ("Who looks after the contact.", "Кто отвечает за контакт."),
        daily=True,
        refers="Team.user",
        aliases=("Manager", "Менеджер"),
    )
    hygiene: str = column("hygiene", HYGIENE, HYGIENE_MEANING, daily=True)
