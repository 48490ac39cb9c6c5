"""The demo firm's words in both languages: what it sells and to whom, what its people do and write down."""

from __future__ import annotations

from typing import NamedTuple

from sheets_crm.text import Lang, Text, same

FULL_WEEK = "1-5"


class Act(NamedTuple):
    """One kind of task: what is done, and to what end."""

    type: str
    """Key of a task type."""
    subtype: Text
    title: Text
    goal: Text


class Product(NamedTuple):
    """Something the firm sells, with its usual price in the firm's currency."""

    name: Text
    low: Text
    high: Text
    need: Text


class Person(NamedTuple):
    """One of the firm's own people; `habit` is what the faults know them by."""

    habit: str
    name: Text
    full_name: Text
    address: Text
    plan: Text
    """Sales plan a month."""
    actions: int
    """Actions planned a day."""
    share: float
    """Part of the new deals, relative to the others'."""
    wins: float
    pace: float
    """Time taken in a stage, relative to what is usual."""
    late: float
    """Part of the tasks done after their day."""
    days_here: int
    """Days since the first day at work, on the firm's last day; for the newcomer the handover decides."""
    fte: float = 1
    work_days: str = FULL_WEEK


HEAD = Person("head", Text("David Osei", "Марина Орлова"), Text("David Osei", "Орлова Марина Игоревна"),
              Text("d.osei", "orlova"), same(""), 2, 0, 0, 1, 0, 2300)  # fmt: skip
EXCELLENT = Person(
    "excellent", Text("Grace Whitfield", "Анна Белова"), Text("Grace Whitfield", "Белова Анна Сергеевна"),
    Text("g.whitfield", "belova"), Text("160000", "2400000"), 8, 1.1, 0.5, 0.85, 0.02, 1500)  # fmt: skip
CARELESS = Person(
    "careless", Text("Tom Bradley", "Денис Громов"), Text("Tom Bradley", "Громов Денис Олегович"),
    Text("t.bradley", "gromov"), Text("130000", "2000000"), 7, 1.0, 0.26, 1.05, 0.25, 900)  # fmt: skip
WISHFUL = Person(
    "wishful", Text("Marcus Hale", "Виктор Лапин"), Text("Marcus Hale", "Лапин Виктор Андреевич"),
    Text("m.hale", "lapin"), Text("130000", "2000000"), 7, 1.0, 0.24, 1.3, 0.08, 1250)  # fmt: skip
STEADY = Person(
    "steady", Text("Ellen Novak", "Сергей Котов"), Text("Ellen Novak", "Котов Сергей Павлович"),
    Text("e.novak", "kotov"), Text("70000", "1000000"), 8, 1.0, 0.32, 0.6, 0.06, 700, 0.5, "1,3,5")  # fmt: skip
LEAVER = Person(
    "leaver", Text("Colin Drake", "Артём Зуев"), Text("Colin Drake", "Зуев Артём Ильич"),
    Text("c.drake", "zuev"), Text("110000", "1600000"), 7, 0.7, 0.24, 1.0, 0.08, 480)  # fmt: skip
NEWCOMER = Person(
    "newcomer", Text("Priya Nair", "Полина Юдина"), Text("Priya Nair", "Юдина Полина Романовна"),
    Text("p.nair", "yudina"), Text("60000", "900000"), 6, 0.8, 0.22, 1.0, 0.08, 0)  # fmt: skip
REPS = (EXCELLENT, CARELESS, WISHFUL, STEADY, LEAVER, NEWCOMER)
ON_LEAVE, SUBSTITUTE = EXCELLENT, WISHFUL
HEIRS = (NEWCOMER, EXCELLENT)
"""Who gets the leaver's deals, in turn."""
BONUS = Text("900", "30000")
"""Full bonus a month."""

PRODUCTS = (
    Product(Text("Filling line", "Линия розлива"), Text("140000", "2600000"), Text("390000", "6000000"),
            Text("Output must double by the season, and bottles are still filled by hand",
                 "К сезону удвоить выпуск, сейчас разливают вручную")),
    Product(Text("Palletizer", "Паллетайзер"), Text("80000", "1500000"), Text("210000", "3400000"),
            Text("Two shifts of loaders cannot keep up with the packing line",
                 "Две смены грузчиков не успевают за упаковкой")),
    Product(Text("Welding cell", "Сварочная ячейка"), Text("95000", "1900000"), Text("260000", "4800000"),
            Text("Welders are hard to find and rework eats the margin",
                 "Не хватает сварщиков, переделки съедают маржу")),
    Product(Text("Conveyor", "Конвейер"), Text("18000", "350000"), Text("75000", "1300000"),
            Text("Carts block the aisle between the shop and the warehouse",
                 "Тележки перекрывают проезд между цехом и складом")),
    Product(Text("Machine vision", "Машинное зрение"), Text("24000", "480000"), Text("90000", "1600000"),
            Text("Customers send back packs without a label", "Покупатели возвращают упаковки без этикетки")),
    Product(Text("Control upgrade", "Модернизация АСУ"), Text("45000", "800000"), Text("180000", "2900000"),
            Text("The old controller is no longer made and stops the line twice a month",
                 "Старый контроллер снят с выпуска и дважды в месяц останавливает линию")),
    Product(Text("Control cabinet", "Шкаф управления"), Text("9000", "150000"), Text("32000", "560000"),
            Text("A new boiler house needs cabinets by autumn", "К осени нужны шкафы для новой котельной")),
    Product(Text("Weighing and dosing", "Весовое дозирование"), Text("28000", "520000"), Text("110000", "1900000"),
            Text("Recipes drift by three per cent, raw material is lost",
                 "Рецептура гуляет на три процента, теряют сырьё")),
    Product(Text("Downtime tracking", "Учёт простоев"), Text("12000", "220000"), Text("48000", "850000"),
            Text("Nobody can say why the line stands a fifth of the shift",
                 "Никто не может сказать, почему линия стоит пятую часть смены")),
    Product(Text("Service contract", "Сервисный договор"), Text("8000", "150000"), Text("26000", "480000"),
            Text("Their own mechanics left, repairs wait for days", "Свои механики ушли, ремонт ждут днями")),
)  # fmt: skip

SOURCES = (
    Text("Website", "Сайт"), Text("Trade fair", "Выставка"), Text("Cold call", "Холодный звонок"),
    Text("Search ads", "Реклама в поиске"), Text("Tender portal", "Тендерная площадка"),
)  # fmt: skip
REFERRAL, RETURNING = Text("Referral", "Рекомендация"), Text("Existing client", "Постоянный клиент")

COMPANY_FIRST = (
    Text("Cedar Ridge", "Кедр"), Text("Harbour", "Янтарь"), Text("Millbrook", "Рябина"), Text("Redstone", "Гранит"),
    Text("Fairview", "Заря"), Text("Oakham", "Дубрава"), Text("Lakeside", "Озёрный"), Text("Summit", "Вершина"),
    Text("Brightwater", "Родник"), Text("Ironbridge", "Утёс"), Text("Whitby", "Полюс"), Text("Larkfield", "Колос"),
    Text("Ashford", "Калина"), Text("Greystone", "Базальт"), Text("Riverbend", "Излучина"), Text("Kingsley", "Маяк"),
    Text("Thornton", "Терем"), Text("Westfield", "Запад"), Text("Alder", "Ольха"), Text("Pinecrest", "Сосны"),
)  # fmt: skip
COMPANY_SECOND = (
    (Text("Dairy", "Молоко"), Text("Food", "Пищевая")), (Text("Bakery", "Хлеб"), Text("Food", "Пищевая")),
    (Text("Beverages", "Напитки"), Text("Food", "Пищевая")), (Text("Plastics", "Пласт"), Text("Plastics", "Пластмассы")),
    (Text("Packaging", "Упаковка"), Text("Packaging", "Упаковка")), (Text("Furniture", "Мебель"), Text("Furniture", "Мебель")),
    (Text("Metalworks", "Металл"), Text("Metal", "Металлообработка")), (Text("Pumps", "Насосы"), Text("Machinery", "Машиностроение")),
    (Text("Ceramics", "Керамика"), Text("Building materials", "Стройматериалы")), (Text("Paper", "Бумага"), Text("Paper", "Бумага")),
    (Text("Cables", "Кабель"), Text("Electrical", "Электротехника")), (Text("Pharma", "Фарм"), Text("Pharma", "Фармацевтика")),
    (Text("Logistics", "Склад"), Text("Logistics", "Логистика")), (Text("Foundry", "Литьё"), Text("Metal", "Металлообработка")),
)  # fmt: skip
LEGAL = Text("{name} Ltd", "ООО «{name}»")
CITIES = (
    Text("Columbus", "Казань"), Text("Dayton", "Самара"), Text("Erie", "Тула"), Text("Toledo", "Пермь"),
    Text("Peoria", "Рязань"), Text("Rockford", "Уфа"), Text("Akron", "Киров"), Text("Duluth", "Тверь"),
)  # fmt: skip


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST_NAMES: dict[Lang, tuple[str, ...]] = {
    "en": _names(
        "Alice Brian Carla Daniel Erin Frank Gloria Henry Irene James Karen Leo Megan Nathan Olivia Peter "
        "Rachel Simon Teresa Victor Wendy Oscar Laura Hugo"
    ),
    "ru": _names(
        "Алексей Борис Вадим Галина Дарья Евгений Жанна Игорь Ирина Кирилл Лариса Максим Надежда Олег Павел "
        "Раиса Степан Татьяна Фёдор Юлия Михаил Вера Роман Елена"
    ),
}
"""Russian ones end in а or я if and only if they are women's."""
LAST_NAMES: dict[Lang, tuple[str, ...]] = {
    "en": _names(
        "Abbott Barnes Collins Doyle Ellis Foster Grant Hughes Ingram Jenkins Keller Lawson Mercer Norris Owens "
        "Palmer Quinn Reeves Sawyer Tucker Underwood Vance Walsh Yates Booth Carver Dalton Easton Fleming Garner"
    ),
    "ru": _names(
        "Абрамов Быков Власов Гусев Дроздов Ершов Жуков Зимин Исаев Крылов Лыткин Мухин Носов Осипов Панов "
        "Рогов Сомов Титов Уваров Фомин Хохлов Цветков Чернов Шилов Щукин Юрьев Яшин Блинов Котельников Савин"
    ),
}
"""Russian ones take а for a woman."""
ROLES = (
    Text("Production manager", "Начальник производства"), Text("Chief engineer", "Главный инженер"),
    Text("Buyer", "Специалист по закупкам"), Text("Maintenance lead", "Главный механик"),
    Text("Operations director", "Операционный директор"),
)  # fmt: skip
DECIDERS = (
    Text("Managing director", "Генеральный директор"), Text("Owner", "Собственник"),
    Text("Technical director", "Технический директор"), Text("Plant manager", "Директор завода"),
)  # fmt: skip
TERMS = (
    Text("50% down, 50% before shipping, delivery in 10 weeks", "Предоплата 50 %, 50 % перед отгрузкой, срок 10 недель"),
    Text("30% down, 60% on delivery, 10% after start-up", "Аванс 30 %, 60 % по поставке, 10 % после пуска"),
    Text("Full prepayment with a 3% discount, delivery in 6 weeks", "Предоплата 100 % со скидкой 3 %, срок 6 недель"),
    Text("40% down, the rest in two parts, on-site training included", "Аванс 40 %, остаток двумя частями, обучение включено"),
)  # fmt: skip

FIXED: tuple[tuple[Act, ...], ...] = (
    (
        Act("call", Text("first contact", "первый контакт"), Text("Call back about the enquiry", "Перезвонить по заявке"),
            Text("Find out what they need and whether it is ours", "Понять, что нужно и наш ли это клиент")),
    ),
    (
        Act("call", Text("qualification", "квалификация"), Text("Call to learn the task and who decides", "Звонок: выяснить задачу и кто решает"),
            Text("Know the need, the decision maker and the timing", "Знать потребность, ЛПР и сроки")),
    ),
    (
        Act("meeting", Text("meeting", "встреча"), Text("Visit the shop floor with an engineer", "Встреча на производстве с инженером"),
            Text("Agree the scope and see the place of installation", "Согласовать объём и осмотреть место монтажа")),
        Act("email", Text("meeting summary", "итоги встречи"), Text("Send the summary of the meeting", "Отправить итоги встречи"),
            Text("Have the scope and the budget confirmed in writing", "Получить письменное «да» по объёму и бюджету")),
    ),
    (
        Act("email", Text("send it", "отправить КП"), Text("Send the proposal with two options", "Отправить КП с двумя вариантами"),
            Text("Get a date for going through it together", "Получить дату разбора КП")),
        Act("call", Text("walk through it", "разобрать КП"), Text("Walk through the proposal by phone", "Разобрать КП с ЛПР по телефону"),
            Text("Hear the decision maker's answer", "Услышать ответ ЛПР")),
    ),
    (
        Act("meeting", Text("settle objections", "снять возражения"), Text("Meet to settle price and delivery", "Встреча: снять вопросы по цене и срокам"),
            Text("Agree on payment and delivery terms", "Договориться об оплате и сроке поставки")),
    ),
    (
        Act("email", Text("send it", "отправить договор"), Text("Send the contract for approval", "Отправить договор на согласование"),
            Text("Get remarks from their lawyer", "Получить замечания их юриста")),
        Act("task", Text("check details", "проверить реквизиты"), Text("Check bank details and signatory", "Проверить реквизиты и подписанта"),
            Text("Have a contract without errors to sign", "Получить договор без ошибок на подпись")),
    ),
    (
        Act("email", Text("invoice", "счёт"), Text("Send the invoice for the down payment", "Отправить счёт на аванс"),
            Text("Have the invoice in their payment plan", "Попасть в их план платежей")),
        Act("call", Text("confirm date", "подтвердить дату оплаты"), Text("Call the accountant about the payment", "Звонок в бухгалтерию об оплате"),
            Text("Confirm the day of the payment", "Подтвердить день оплаты")),
    ),
)  # fmt: skip
"""By stage: the actions that the ready-made stages ask for; the last one moves the deal on."""

_NO = same("")
FILLERS: tuple[tuple[Act, ...], ...] = (
    (
        Act("messenger", _NO, Text("Write to the contact and ask for a good time", "Написать контакту и уточнить удобное время"),
            Text("Agree when to talk", "Договориться о времени разговора")),
        Act("call", _NO, Text("Call again to reach the contact", "Перезвонить контакту ещё раз"),
            Text("Speak with a living person", "Поговорить с человеком, а не с автоответчиком")),
    ),
    (
        Act("email", _NO, Text("Send the questionnaire on the line", "Отправить опросный лист по линии"),
            Text("Get the questionnaire back filled in", "Получить заполненный опросный лист")),
        Act("call", _NO, Text("Call to clear up the questionnaire", "Звонок: уточнить опросный лист"),
            Text("Know the throughput and the available space", "Знать производительность и место под оборудование")),
        Act("task", _NO, Text("Look up the company and its plants", "Изучить компанию и её площадки"),
            Text("Come prepared to the conversation", "Подготовиться к разговору")),
    ),
    (
        Act("call", _NO, Text("Call to agree on a day for the visit", "Звонок: согласовать день выезда"),
            Text("Have a date and a list of those who come", "Получить дату и список участников")),
        Act("email", _NO, Text("Send photos of a similar installation", "Отправить фото похожего внедрения"),
            Text("Get questions from their engineer", "Получить вопросы их инженера")),
        Act("messenger", _NO, Text("Write and ask for the drawings", "Написать и запросить чертежи цеха"),
            Text("Get the drawings of the shop", "Получить чертежи цеха")),
        Act("task", _NO, Text("Work out the scope with the engineer", "Просчитать объём с нашим инженером"),
            Text("Have a budget with 15% accuracy", "Получить бюджет с точностью 15 %")),
    ),
    (
        Act("call", _NO, Text("Call about questions to the proposal", "Звонок: вопросы по КП"),
            Text("Learn what stands in the way of a decision", "Узнать, что мешает решению")),
        Act("email", _NO, Text("Send the payback calculation", "Отправить расчёт окупаемости"),
            Text("Have the payback confirmed by their finance", "Подтвердить окупаемость у их финансистов")),
        Act("messenger", _NO, Text("Write to ask when the decision is due", "Написать и узнать срок решения"),
            Text("Get the day of their technical council", "Получить дату их технического совета")),
        Act("linkedin", _NO, Text("Write to the decision maker on LinkedIn", "Написать ЛПР в LinkedIn"),
            Text("Get a short call with the decision maker", "Договориться о коротком звонке с ЛПР")),
    ),
    (
        Act("call", _NO, Text("Call about the terms of payment", "Звонок: условия оплаты"),
            Text("Agree on the size of the down payment", "Согласовать размер аванса")),
        Act("email", _NO, Text("Send the delivery schedule", "Отправить график поставки"),
            Text("Have the schedule approved", "Получить согласие на график")),
        Act("call", _NO, Text("Call to compare the two options", "Звонок: сравнить два варианта"),
            Text("Have one option chosen", "Выбрать один вариант")),
    ),
    (
        Act("call", _NO, Text("Call their lawyer about remarks", "Звонок юристу по замечаниям"),
            Text("Close the remaining remarks", "Закрыть оставшиеся замечания")),
        Act("email", _NO, Text("Send the corrected contract", "Отправить исправленный договор"),
            Text("Get the approval of their lawyer", "Получить согласие юриста")),
        Act("messenger", _NO, Text("Write and ask who signs and when", "Написать и узнать, кто и когда подпишет"),
            Text("Know the day of signing", "Знать день подписания")),
    ),
    (
        Act("messenger", _NO, Text("Write about the status of the payment", "Написать о статусе платежа"),
            Text("Hear that the payment is in the bank", "Услышать, что платёж в банке")),
        Act("task", _NO, Text("Hand the project over to the engineers", "Передать проект инженерам"),
            Text("Be ready to start on the day of payment", "Быть готовыми начать в день оплаты")),
    ),
)  # fmt: skip
"""By stage: what else is done there."""

REACH = Act("call", _NO, Text("Try again to reach the contact", "Ещё раз попробовать дозвониться"),
            Text("Reach them and agree on the next step", "Дозвониться и договориться о следующем шаге"))  # fmt: skip
FAREWELL = Act("email", _NO, Text("Send the closing e-mail", "Отправить прощальное письмо"),
               Text("Leave the door open for later", "Оставить дверь открытой на потом"))  # fmt: skip
DECISION = Act("call", _NO, Text("Call to hear the decision", "Звонок: услышать решение"),
               Text("Get a clear yes or no with the reason", "Получить ясное «да» или «нет» и причину"))  # fmt: skip
PAYMENT = Act("task", _NO, Text("Check that the payment has come", "Проверить поступление оплаты"),
              Text("Start the project on the day of payment", "Запустить проект в день оплаты"))  # fmt: skip
THANKS = Act("call", Text("referral", "рекомендация"), Text("Ask for a recommendation", "Попросить рекомендацию"),
             Text("Get the name of one colleague who has the same task", "Получить имя коллеги с такой же задачей"))  # fmt: skip

SAID: tuple[tuple[Text, ...], ...] = (
    (Text("Talked about the enquiry, they look for a supplier; agreed on a detailed call",
          "Обсудили заявку, ищут подрядчика; договорились о подробном звонке"),
     Text("Introduced ourselves and the three similar projects; they asked to send them",
          "Рассказали о себе и трёх похожих проектах; попросили прислать описание"),
     Text("They compare three makers and want a visit to a running line; noted their timing",
          "Сравнивают трёх производителей, хотят увидеть работающую линию; записали сроки"),
     Text("The enquiry is real, the budget is being drawn up; agreed who joins the next talk",
          "Заявка настоящая, бюджет верстают; договорились, кто будет на следующем разговоре")),
    (Text("Went through the task and the present output; agreed that their engineer joins",
          "Разобрали задачу и нынешний выпуск; договорились подключить их инженера"),
     Text("Discussed who decides and when the budget is fixed; they will send the figures",
          "Обсудили, кто решает и когда утверждают бюджет; пришлют цифры"),
     Text("Cleared up the questionnaire, two points are open; they will measure the site",
          "Уточнили опросный лист, открыты два пункта; замерят площадку")),
    (Text("Walked the site, found the place for the control cabinet; agreed the scope",
          "Осмотрели цех, нашли место под шкаф; согласовали объём"),
     Text("Talked through scope and timing; they want the first stage by the season",
          "Обсудили объём и сроки; первый этап нужен к сезону"),
     Text("Sent drawings and photos; their engineer will come back with questions",
          "Отправили чертежи и фото; инженер вернётся с вопросами")),
    (Text("Went through both options; they lean to the second, the price is being discussed",
          "Разобрали оба варианта; склоняются ко второму, обсуждают цену"),
     Text("Explained the payback of fourteen months; they will show it to finance",
          "Показали окупаемость за четырнадцать месяцев; отнесут финансистам"),
     Text("Answered remarks of the technical council; the decision is due shortly",
          "Ответили на замечания техсовета; решение вот-вот")),
    (Text("Discussed the down payment, met halfway; delivery is still to be settled",
          "Обсудили аванс, сошлись посередине; остался срок поставки"),
     Text("Compared two options once more; the cheaper one lacks the reserve they need",
          "Ещё раз сравнили варианты; в дешёвом нет нужного запаса"),
     Text("Agreed on training of two operators as part of the price",
          "Договорились включить обучение двух операторов в цену")),
    (Text("Their lawyer has four remarks, we accept three; the penalty clause is open",
          "У юриста четыре замечания, три принимаем; открыт пункт о неустойке"),
     Text("Agreed on the wording of acceptance; the contract goes to the signatory",
          "Согласовали порядок приёмки; договор уходит на подпись"),
     Text("Went through the annexes with their lawyer; the delivery schedule is added",
          "Прошли приложения с юристом; добавлен график поставки")),
    (Text("The invoice is in the payment plan; the accountant named the day",
          "Счёт стоит в плане платежей; бухгалтер назвала день"),
     Text("Discussed the start of works; they will confirm the payment in writing",
          "Обсудили начало работ; оплату подтвердят письмом"),
     Text("The payment waits for one signature; the director is back tomorrow",
          "Платёж ждёт одной подписи; директор вернётся завтра")),
)  # fmt: skip
"""By stage: what was discussed and agreed."""
PREPARED = (
    Text("Everything is prepared and lies in the project folder", "Всё подготовлено и лежит в папке проекта"),
    Text("Worked it out with the engineer, two points are still to be asked",
         "Проработано с инженером, два пункта надо уточнить у клиента"),
)  # fmt: skip
THANKED = Text("{client}: the start-up went well; promised to ask a colleague at a neighbouring plant",
               "{client}: запуском довольны; обещали спросить коллегу с соседнего завода")  # fmt: skip
PAID = Text("{client}: the payment has come, the project is handed over to the engineers",
            "{client}: оплата пришла, проект передан инженерам")  # fmt: skip
NEXT = Text("{said}. Next contact {day}: {goal}.", "{said}. Следующий контакт {day}: {goal}.")

INTERNAL = (
    Act("task", _NO, Text("Look for new companies in the trade", "Найти новые компании отрасли"),
        Text("Have ten companies to call", "Иметь десять компаний для звонков")),
    Act("task", _NO, Text("Prepare the week's calls and visits", "Подготовить звонки и выезды недели"),
        Text("Know whom to call and why", "Знать, кому и зачем звонить")),
    Act("task", _NO, Text("Read up on the new dosing unit", "Изучить новый дозатор"),
        Text("Be able to answer the usual questions", "Уметь ответить на частые вопросы")),
)  # fmt: skip
HEADWORK = (
    Act("task", _NO, Text("Go through the deals with a rep", "Разобрать сделки с менеджером"),
        Text("Agree on next steps for stuck deals", "Договориться о шагах по застрявшим сделкам")),
    Act("task", _NO, Text("Listen to five calls of the week", "Послушать пять звонков недели"),
        Text("Give each rep one thing to improve", "Дать каждому одно улучшение")),
    Act("task", _NO, Text("Prepare the morning stand-up", "Подготовить планёрку"),
        Text("Have yesterday's moves at hand", "Иметь под рукой вчерашние продвижения")),
)  # fmt: skip
WORKED = Text(
    "Done as planned: {n} items, notes are in the shared folder",
    "Сделано по плану: {n} пунктов, заметки в общей папке",
)

BACK = Act("call", _NO, Text("Call back: they ask for us again", "Перезвонить: снова просят нас"),
           Text("Learn what has changed and go on with the offer", "Узнать, что изменилось, и продолжить по КП"))  # fmt: skip

LOST_SAID = Text("{client} says no: {why}", "{client}, отказ: {why}")
ON_HOLD_SAID = Text("{client} puts the project off: {why}", "{client}, проект отложен: {why}")
COMMENTS: dict[int, tuple[Text, ...]] = {
    3: (Text("They looked for a rental, we do not rent out", "Искали аренду, мы не сдаём"),
        Text("Needs a household device", "Нужен бытовой прибор"),
        Text("A reseller who asked for a price list", "Перекупщик, просил прайс-лист")),
    5: (Text("Opened the proposal twice and fell silent", "Открыли КП дважды и замолчали"),
        Text("The contact does not answer after the proposal", "После КП контакт не отвечает")),
    6: (Text("Their output fell, the old line is enough", "Выпуск упал, хватает старой линии"),
        Text("Will come back when the second shift opens", "Вернутся, когда откроют вторую смену")),
    7: (Text("The budget of this year is spent, the next opens in winter", "Бюджет этого года исчерпан, новый зимой"),
        Text("The holding froze investments until the half-year report", "Холдинг заморозил вложения до отчёта")),
    8: (Text("Board decides after the reconstruction of the shop", "Совет решит после ремонта цеха"),
        Text("They wait for the new technical director", "Ждут нового технического директора")),
    9: (Text("A fifth above their limit, the smaller option did not fit either", "На пятую часть выше лимита, меньший вариант тоже не прошёл"),
        Text("They found used equipment at half the price", "Нашли бывшее в работе за полцены")),
    10: (Text("Chose a local integrator with a spare-part store, contract for a year", "Выбрали местного подрядчика со складом запчастей, договор на год"),
         Text("Took the line of the maker of their old machines", "Взяли линию у поставщика старых станков")),
    11: (Text("Our unit is too wide for the shop, checked with the head of sales", "Наш модуль не встаёт в цех, проверено с РОПом"),
         Text("They need a washdown version that we do not make", "Нужно моечное исполнение, такого нет")),
    12: (Text("We sent the proposal a week late, they had signed", "КП опоздало на неделю, уже подписали с другими"),),
}  # fmt: skip
"""Number of the ready-made loss reason to what the client said."""

FREE_REASONS = (Text("They are still thinking", "Думают"), Text("Expensive for them", "Для них дороговато"),
                Text("Not now, maybe later", "Не сейчас, может потом"))  # fmt: skip
OWN_STAGE = Text("Almost sold", "Почти продали")
WORDS_FOR_DATE = Text("after the holidays", "после отпусков")
OWN_CURRENCY = Text("US$", "руб.")
OWN_OUTCOME = Text("so-so", "нормально")
NOT_A_NUMBER = Text("three", "три")

UNKNOWN_TYPE = Text("Courier", "Курьер")
BARE_TITLE = Text("Call", "Звонок")
SHORT_RESULT = Text("ok", "ок")
COPIED_RESULT = Text("Spoke with the client, everything is going on", "Пообщались с клиентом, всё в работе")
UNKNOWN_COMPANY = Text("Northgate Robotics Ltd", "ООО «Север Роботикс»")
NO_PHONE = Text("via the switchboard", "через приёмную")

FOREIGN = Text("EUR", "CNY")
"""The second currency."""
FOREIGN_RATE = Text("1.10", "11.40")
DAY_OFF = Text("Stocktaking, the office is closed", "Инвентаризация, офис закрыт")

FEEDBACK = (
    Text("Proposals wait for the engineers too long", "КП подолгу ждут инженеров"),
    Text("Enquiries from the fair are weak this time", "Заявки с выставки в этот раз слабые"),
    Text("The new stages make the week easier to plan", "С новыми этапами проще планировать неделю"),
    Text("Too many fields before the first meeting", "Много полей до первой встречи"),
)
AGREED = (
    Text("Call every open proposal by Friday", "До пятницы обзвонить все открытые КП"),
    Text("Take an engineer along to the two largest deals", "Взять инженера на две крупнейшие сделки"),
    Text("Write next steps right after each call", "Ставить следующий шаг сразу после разговора"),
    Text("Close what has been silent for a month", "Закрыть всё, что молчит месяц"),
)
ESTIMATED = (
    Text("The decision maker named the day of the board", "ЛПР назвал день совета"),
    Text("A rival is cheaper, the engineer is for us", "Конкурент дешевле, инженер за нас"),
    Text("The budget is approved, the date is not", "Бюджет утверждён, дата нет"),
)
OLD_ESTIMATE = Text("They promise to sign any day", "Обещают подписать со дня на день")
WAIVED = Text(
    "The client is on a business trip, agreed to wait", "Клиент в командировке, договорились подождать"
)
NEEDLESS_WAIVER = Text("Calls only after the holidays", "Созвон только после отпусков")
OBJECTION = Text(
    "The client asked for a pause, the task was in my notebook",
    "Клиент просил паузу, задача была в ежедневнике",
)
ACCEPTED = Text("Agreed, the letter was shown", "Согласен, письмо показали")
