"""What the buttons of a macro workbook need on a computer, piece by piece, in words that can be sent to IT."""

from __future__ import annotations

import ntpath
import plistlib
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from sheets_crm import __version__
from sheets_crm.cli.care import Check
from sheets_crm.cli.computer import Computer
from sheets_crm.errors import SheetsCrmError
from sheets_crm.text import Text

_OFFICE = r"Software\{}Microsoft\{}Office\16.0\{}"
"""The key of Office's settings, of policies on them, and of policies that come from Microsoft's cloud."""
_APP_PATH = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\App Paths\excel.exe"
_EXCEL_APP = "Microsoft Excel.app"
_DEFENDER = r"HKLM\SOFTWARE\Policies\Microsoft\Windows Defender\Windows Defender Exploit Guard\ASR\Rules"
_FORBIDDING = ("d4f940ab-401b-4efc-aadc-ad5f3c50688a", "92e97fa1-2edf-4476-bdd6-9dd0b4dddc7b")
"""Rules of Microsoft Defender: Office starts no programs; macros do not call Windows."""
_MAC_POLICY = "/Library/Managed Preferences/com.microsoft.office.plist"
_INTERNET_ZONE = 3
_SYSTEMS = {"win32": "Windows", "darwin": "macOS"}
_NEEDS = {"win32": ("pywin32",), "darwin": ("appscript", "psutil")}
"""What xlwings works through."""


def checks(computer: Computer, workbook: Path | None) -> Iterator[Check]:
    """One line for each thing that the buttons need; with a workbook also what it has to be. Raises WorkbookError."""
    yield _system(computer)
    yield _excel(computer)
    yield from _xlwings(computer)
    if workbook is None:
        yield from _macros(computer)
        return
    from sheets_crm.hosts.xlsx.disk import load  # noqa: PLC0415 - see session

    data, path = load(workbook), str(workbook)
    yield from _macros(computer, path, signed=_is_signed(data))
    yield _mark(computer, path)
    yield _folder(computer, path)
    yield from _inside(computer, data, workbook)


# ------------------------------------------------------------------ the computer


def _system(computer: Computer) -> Check:
    system = _SYSTEMS.get(computer.platform)
    return Check(_SYSTEM.fill(system=system)) if system else Check(_NO_SYSTEM, good=False)


def _excel(computer: Computer) -> Check:
    found: object = None
    if computer.platform == "win32":
        found = computer.registry(_APP_PATH, "")
        found = found if isinstance(found, str) and computer.exists(found.strip('"')) else None
    elif computer.platform == "darwin":
        places = ("/Applications", posixpath.join(computer.home, "Applications"))
        found = next((p for place in places if computer.exists(p := f"{place}/{_EXCEL_APP}")), None)
    else:
        return Check(_EXCEL_UNKNOWN, good=None)
    return Check(_EXCEL.fill(path=found)) if found else Check(_NO_EXCEL, good=False)


def _xlwings(computer: Computer) -> Iterator[Check]:
    version = computer.version("xlwings")
    if version is None:
        yield Check(_NO_XLWINGS.fill(python=computer.python), good=False)
        return
    if version.split(".")[0] != "0":
        yield Check(_NEW_XLWINGS.fill(version=version, python=computer.python), good=False)
        return
    yield Check(Text("xlwings {version}", "xlwings {version}").fill(version=version))
    for package in _NEEDS.get(computer.platform, ()):
        if computer.version(package) is None:
            yield Check(_NO_PACKAGE.fill(package=package, python=computer.python), good=False)
    if computer.platform == "darwin":
        script = f"Library/Application Scripts/com.microsoft.Excel/xlwings-{version}.applescript"
        there = computer.exists(posixpath.join(computer.home, script))
        yield Check(_SCRIPT) if there else Check(_NO_SCRIPT.fill(path=f"~/{script}"), good=False)


def _macros(computer: Computer, path: str = "", *, signed: bool = False) -> Iterator[Check]:
    if computer.platform == "win32":
        yield _trust_center(computer, path, signed=signed)
        blocked = _policy(computer, r"Excel\Security", "blockcontentexecutionfrominternet") == 1
        yield Check(_FOREIGN_BLOCKED if blocked else _FOREIGN, good=None)
        rules = [rule for rule in _FORBIDDING if str(computer.registry(_DEFENDER, rule)) == "1"]
        yield Check(_DEFENDED.fill(rules=", ".join(rules)), good=False) if rules else Check(_UNDEFENDED)
    elif computer.platform == "darwin":
        yield _mac_policy(computer)
    else:
        yield Check(_MACROS_UNKNOWN, good=None)


def _trust_center(computer: Computer, path: str, *, signed: bool) -> Check:
    """Excel asks (the default), or is told by a policy or by the user to do otherwise."""
    if any(_holds(folder, path, below=below) for folder, below in _trusted(computer)):
        return Check(_TRUSTED)
    off = _policy(computer, "Common", "vbaoff") == 1
    policy = _policy(computer, r"Excel\Security", "VBAWarnings")
    own = computer.registry("HKCU\\" + _OFFICE.format("", "", r"Excel\Security"), "VBAWarnings")
    level = policy if policy is not None else own
    if off or policy == 4:
        return Check(_OFF_BY_POLICY, good=False)
    if level == 4:
        return Check(_OFF_BY_USER, good=False)
    if level == 3 and signed:
        return Check(_SIGNED)
    if level == 3:
        return Check(_SIGNED_BY_POLICY if policy == 3 else _SIGNED_BY_USER, good=False)
    return Check(_ASKS)


def _policy(computer: Computer, room: str, name: str) -> int | str | None:
    """What a policy of the firm says, for this user or for the computer, given locally or from the cloud."""
    for root in ("HKCU", "HKLM"):
        for cloud in ("", "Cloud\\"):
            found = computer.registry(f"{root}\\" + _OFFICE.format("Policies\\", cloud, room), name)
            if found is not None:
                return found
    return None


def _trusted(computer: Computer) -> Iterator[tuple[str, bool]]:
    """Excel's trusted locations, the user's and those of policies, and whether the folders below are trusted as well."""
    for policies in ("", "Policies\\"):
        for root in ("HKCU", "HKLM"):
            key = f"{root}\\" + _OFFICE.format(policies, "", r"Excel\Security\Trusted Locations")
            for location in computer.subkeys(key):
                place = computer.registry(f"{key}\\{location}", "Path")
                if isinstance(place, str) and place:
                    yield place, computer.registry(f"{key}\\{location}", "AllowSubFolders") == 1


def _mac_policy(computer: Computer) -> Check:
    content = computer.content(_MAC_POLICY)
    try:
        settings = plistlib.loads(content) if content else {}
    except (ValueError, plistlib.InvalidFileException):
        settings = {}
    state = settings.get("VisualBasicMacroExecutionState")
    if settings.get("VisualBasicEntirelyDisabled") or state == "DisabledWithoutWarnings":
        return Check(_OFF_BY_POLICY, good=False)
    return Check(_MAC_ASKS, good=None)


# ------------------------------------------------------------------ the file


def _mark(computer: Computer, path: str) -> Check:
    if computer.platform == "win32":
        stream = (computer.content(f"{path}:Zone.Identifier") or b"").decode("utf-8", "replace")
        zones = [line.partition("=")[2].strip() for line in stream.splitlines() if line.startswith("ZoneId")]
        blocked: bool | None = any(zone.isdigit() and int(zone) >= _INTERNET_ZONE for zone in zones)
    elif computer.platform == "darwin":
        blocked = computer.quarantined(path)
    else:
        blocked = None
    if blocked is None:
        return Check(_MARK_UNKNOWN, good=None)
    if not blocked:
        return Check(_NO_MARK)
    return Check(_MARKED[computer.platform].fill(path=path), good=False)


def _folder(computer: Computer, path: str) -> Check:
    if computer.platform == "win32":
        synced = any(_holds(folder, path, below=True) for folder in _synced(computer))
    else:
        clouds = posixpath.join(computer.home, "Library/CloudStorage/OneDrive")
        synced = path.startswith(clouds)
    if synced:
        return Check(_SYNCED, good=None)
    if path.startswith(("\\\\", "//")) or computer.remote(path):
        return Check(_REMOTE, good=None)
    return Check(_LOCAL)


def _synced(computer: Computer) -> Iterator[str]:
    """The folders that OneDrive keeps in step with the cloud on Windows, SharePoint's libraries among them."""
    yield from filter(None, map(computer.environment, ("OneDrive", "OneDriveCommercial", "OneDriveConsumer")))
    key = r"HKCU\Software\SyncEngines\Providers\OneDrive"
    for name in computer.subkeys(key):
        place = computer.registry(f"{key}\\{name}", "MountPoint")
        if isinstance(place, str) and place:
            yield place


def _holds(folder: str, path: str, *, below: bool) -> bool:
    """Whether a file of Windows' is in a folder, or in one `below` it."""
    outer, inner = (
        ntpath.normcase(ntpath.normpath(each)).rstrip("\\") for each in (folder, ntpath.dirname(path))
    )
    return inner == outer or (below and inner.startswith(outer + "\\"))


def _is_signed(data: bytes) -> bool:
    from sheets_crm.hosts.xlsx.macros import is_signed  # noqa: PLC0415 - see session

    try:
        return is_signed(data)
    except SheetsCrmError:
        return False  # what is wrong with the file is a check of its own


def _inside(computer: Computer, data: bytes, workbook: Path) -> Iterator[Check]:
    from sheets_crm.hosts.xlsx import XlsxCopy  # noqa: PLC0415 - see session
    from sheets_crm.hosts.xlsx.macros import project_of  # noqa: PLC0415
    from sheets_crm.template.macros import outdated  # noqa: PLC0415

    try:
        XlsxCopy(data, workbook.name).read(lambda _: [])
        macros = project_of(data) is not None
        stale = outdated(data) if macros else None
    except SheetsCrmError as problem:
        yield Check(problem.message, good=False)
        return
    if not macros:
        yield Check(_NO_MACROS.fill(name=workbook.name, path=str(workbook)), good=False)
    elif stale is None:
        yield Check(_STRANGE_MACROS.fill(name=workbook.name), good=False)
    elif stale:
        yield Check(
            _OLD_MACROS.fill(name=workbook.name, path=str(workbook), modules=", ".join(stale)), good=False
        )
    else:
        yield Check(_OUR_MACROS.fill(version=__version__))
    yield _interpreter(computer, data)


def _interpreter(computer: Computer, data: bytes) -> Check:
    from sheets_crm.template.macros import INTERPRETERS, interpreters_of  # noqa: PLC0415 - see session

    stated = interpreters_of(data)
    setting = INTERPRETERS.get(computer.platform)
    if stated is None:
        return Check(_NO_SETTINGS, good=False)
    if setting is None:
        return Check(_PYTHON_UNKNOWN, good=None)
    named = stated[computer.platform]
    mend = {"python": computer.python, "setting": setting}
    if not named:
        return Check(_NO_PYTHON.fill(system=_SYSTEMS[computer.platform], **mend), good=False)
    flavour = ntpath if computer.platform == "win32" else posixpath
    if computer.platform == "win32":
        named = re.sub(r"%([^%]+)%", lambda variable: computer.environment(variable[1]), named)
    if flavour.normcase(named) == flavour.normcase(computer.python):
        return Check(_THIS_PYTHON.fill(python=named, version=__version__))
    if not computer.exists(named):
        return Check(_GONE_PYTHON.fill(named=named, **mend), good=False)
    return Check(_OTHER_PYTHON.fill(named=named, **mend), good=None)


_SYSTEM = Text("{system}", "{system}")
_NO_SYSTEM = Text(
    "There is no Excel for this system, so no buttons here: close the file and use `sheets-crm run FILE`, or Google "
    "Sheets (docs/google.md).",
    "Для этой системы нет Excel, значит, нет и кнопок: закройте файл и выполните `sheets-crm run ФАЙЛ` или работайте "
    "в Google Таблицах (docs/google.md).",
)
_EXCEL = Text("Excel: {path}", "Excel: {path}")
_NO_EXCEL = Text(
    "Excel was not found: the desktop Excel of Microsoft 365 or Excel 2016 and later has to be installed; the one in "
    "the browser runs no macros.",
    "Excel не найден: нужен настольный Excel из Microsoft 365 или Excel 2016 и новее; Excel в браузере макросы "
    "не выполняет.",
)
_EXCEL_UNKNOWN = Text("Excel: cannot be told here.", "Excel: здесь не узнать.")
_NO_XLWINGS = Text(
    'xlwings is missing, through which the buttons reach Python; install it: "{python}" -m pip install "xlwings<1"',
    'Нет xlwings, через который кнопки обращаются к Python; установите: "{python}" -m pip install "xlwings<1"',
)
_NEW_XLWINGS = Text(
    'xlwings {version} is newer than this version of sheets-crm knows; install an older one: "{python}" -m pip install '
    '"xlwings<1"',
    'xlwings {version} новее, чем знает эта версия sheets-crm; установите прежний: "{python}" -m pip install '
    '"xlwings<1"',
)
_NO_PACKAGE = Text(
    '{package} is missing, which xlwings needs here; install it: "{python}" -m pip install {package}',
    'Нет {package}, без которого xlwings здесь не работает; установите: "{python}" -m pip install {package}',
)
_SCRIPT = Text(
    "The script by which Excel may start Python on macOS is in place.",
    "Сценарий, которым Excel в macOS запускает Python, на месте.",
)
_NO_SCRIPT = Text(
    "The script by which Excel may start Python on macOS is missing ({path}); once in the terminal: "
    "xlwings runpython install",
    "Нет сценария, которым Excel в macOS запускает Python ({path}); один раз в терминале: xlwings runpython install",
)
_ASKS = Text(
    "Macros: Excel asks before it runs them (Enable Content), or runs them at once.",
    "Макросы: Excel спрашивает перед запуском («Включить содержимое») или запускает сразу.",
)
_TRUSTED = Text(
    "Macros: the folder is one of Excel's trusted locations, so they run without a question.",
    "Макросы: папка входит в надёжные расположения Excel, поэтому они выполняются без вопросов.",
)
_SIGNED = Text(
    "Macros: Excel runs signed ones alone, and those of the workbook are signed.",
    "Макросы: Excel выполняет только подписанные, а в книге они подписаны.",
)
_OFF_BY_POLICY = Text(
    "Macros are switched off by a policy of the firm: ask IT to allow them for you, or to make the folder of the "
    "workbook a trusted location (what the macros do: docs/excel.md). Without macros: sheets-crm run excel:",
    "Макросы отключены политикой фирмы: попросите ИТ разрешить их вам или сделать папку книги надёжным расположением "
    "(что делают макросы: docs/excel.md). Без макросов: sheets-crm run excel:",
)
_OFF_BY_USER = Text(
    "Macros are switched off in Excel: File > Options > Trust Center > Macro Settings, choose Disable with "
    "notification; then Excel asks.",
    "Макросы отключены в Excel: Файл > Параметры > Центр управления безопасностью > Параметры макросов, выберите "
    "«Отключить с уведомлением»; тогда Excel будет спрашивать.",
)
_SIGNED_BY_POLICY = Text(
    "A policy of the firm allows signed macros alone, and ours are not signed: ask IT to sign the workbook (docs/"
    "excel.md says how) or to make its folder a trusted location. Without macros: sheets-crm run excel:",
    "Политика фирмы разрешает только подписанные макросы, а наши не подписаны: попросите ИТ подписать книгу (как, "
    "сказано в docs/excel.md) или сделать её папку надёжным расположением. Без макросов: sheets-crm run excel:",
)
_SIGNED_BY_USER = Text(
    "Excel is set to run signed macros alone, and ours are not signed: File > Options > Trust Center > Macro Settings, "
    "choose Disable with notification; then Excel asks.",
    "В Excel разрешены только подписанные макросы, а наши не подписаны: Файл > Параметры > Центр управления "
    "безопасностью > Параметры макросов, выберите «Отключить с уведомлением»; тогда Excel будет спрашивать.",
)
_MAC_ASKS = Text(
    "Macros: no policy forbids them; what Excel itself is set to cannot be told here (Excel > Settings > Security: it "
    "must not be “Disable all macros without notification”).",
    "Макросы: политикой не запрещены; что выбрано в самом Excel, здесь не узнать (Excel > Настройки > Безопасность: "
    "не должно стоять «Отключить все макросы без уведомления»).",
)
_MACROS_UNKNOWN = Text(
    "Macros allowed or not: cannot be told here.", "Разрешены ли макросы: здесь не узнать."
)
_FOREIGN = Text(
    "A workbook that came by e-mail or from the internet runs no macros until it is unblocked; one made here by "
    "`excel init` is not concerned.",
    "Книга из почты или интернета не выполняет макросы, пока её не разблокировать; к созданной здесь командой "
    "`excel init` это не относится.",
)
_FOREIGN_BLOCKED = Text(
    "A policy of the firm forbids macros in workbooks that came by e-mail or from the internet; one made here by "
    "`excel init` is not concerned.",
    "Политика фирмы запрещает макросы в книгах из почты и интернета; к созданной здесь командой `excel init` это "
    "не относится.",
)
_UNDEFENDED = Text(
    "No group policy for Microsoft Defender keeps Excel from starting Python.",
    "Групповая политика для Microsoft Defender не мешает Excel запускать Python.",
)
_DEFENDED = Text(
    "A rule of Microsoft Defender keeps the buttons from starting Python ({rules}): ask IT for an exception (docs/"
    "excel.md says for what). Without macros: sheets-crm run excel:",
    "Правило Microsoft Defender не даёт кнопкам запускать Python ({rules}): попросите ИТ об исключении (о каком, "
    "сказано в docs/excel.md). Без макросов: sheets-crm run excel:",
)
_NO_MARK = Text("The file is not marked as coming from elsewhere.", "Отметки, что файл пришёл извне, нет.")
_MARK_UNKNOWN = Text(
    "Whether the file is marked as coming from elsewhere: cannot be told here.",
    "Есть ли отметка, что файл пришёл извне: здесь не узнать.",
)
_MARKED = {
    "win32": Text(
        "The file is marked as coming from the internet, so Windows blocks its macros: right-click it, Properties, "
        "tick Unblock, OK. If there is no such box, make the workbook on this computer: sheets-crm excel init",
        "На файле отметка, что он из интернета, и Windows блокирует его макросы: правой кнопкой по файлу, Свойства, "
        "отметьте «Разблокировать», ОК. Если такой отметки нет, создайте книгу на этом компьютере: "
        "sheets-crm excel init",
    ),
    "darwin": Text(
        'macOS has marked the file as coming from elsewhere; take the mark away: xattr -d com.apple.quarantine "{path}"',
        'macOS отметила, что файл пришёл извне; снимите отметку: xattr -d com.apple.quarantine "{path}"',
    ),
}
_LOCAL = Text("The folder is on this computer.", "Папка на этом компьютере.")
_SYNCED = Text(
    "The folder is kept in step by OneDrive or SharePoint: the buttons work there; choose “Always keep on this device”, "
    "and let one person run at a time.",
    "Папку синхронизирует OneDrive или SharePoint: кнопки там работают; выберите «Всегда сохранять на этом "
    "устройстве», и пусть запускает кто-то один.",
)
_REMOTE = Text(
    "The folder is on the network: Excel may run macros there only when IT makes it a trusted location.",
    "Папка в сети: возможно, Excel будет выполнять там макросы, только если ИТ сделает её надёжным расположением.",
)
_NO_MACROS = Text(
    '{name} has no macros; make a copy that has them: sheets-crm excel init --into "{path}"',
    'В {name} нет макросов; сделайте копию с ними: sheets-crm excel init --into "{path}"',
)
_STRANGE_MACROS = Text(
    "The macros in {name} are not ours; how to add ours by hand says docs/excel.md.",
    "Макросы в {name} не наши; как добавить наши вручную, сказано в docs/excel.md.",
)
_OLD_MACROS = Text(
    "The macros in {name} differ from those of this version ({modules}); make a copy with the new ones: "
    'sheets-crm excel init --into "{path}" NEW.xlsm',
    "Макросы в {name} не такие, как в этой версии ({modules}); сделайте копию с новыми: "
    'sheets-crm excel init --into "{path}" НОВАЯ.xlsm',
)
_OUR_MACROS = Text(
    "The macros in it are those of this version (sheets-crm {version}).",
    "Макросы в книге те же, что в этой версии (sheets-crm {version}).",
)
_NO_SETTINGS = Text(
    "The sheet xlwings.conf is missing, which names the Python to start; make a copy that has it: "
    "sheets-crm excel init --into FILE.xlsm NEW.xlsm",
    "Нет листа xlwings.conf, где указан Python; сделайте копию с ним: "
    "sheets-crm excel init --into ФАЙЛ.xlsm НОВАЯ.xlsm",
)
_PYTHON_UNKNOWN = Text(
    "Whether the Python that the workbook names is right: cannot be told here.",
    "Верно ли в книге указан Python: здесь не узнать.",
)
_NO_PYTHON = Text(
    "The workbook names no Python for {system}: unhide the sheet xlwings.conf, and beside {setting} enter: {python}",
    "В книге не указан Python для {system}: откройте скрытый лист xlwings.conf и впишите рядом с {setting}: {python}",
)
_THIS_PYTHON = Text(
    "The workbook starts this Python, with sheets-crm {version}: {python}",
    "Книга запускает этот Python, в нём sheets-crm {version}: {python}",
)
_GONE_PYTHON = Text(
    "The Python that the workbook names is not on this computer ({named}): unhide the sheet xlwings.conf, and beside "
    "{setting} enter: {python}",
    "Python, указанного в книге, на этом компьютере нет ({named}): откройте скрытый лист xlwings.conf и впишите рядом "
    "с {setting}: {python}",
)
_OTHER_PYTHON = Text(
    "The workbook starts another Python than this one; whether sheets-crm is in it cannot be told here, ask it: "
    '"{named}" -m sheets_crm --version. To have this one, unhide the sheet xlwings.conf, and beside {setting} enter: '
    "{python}",
    "Книга запускает не этот Python, а другой; есть ли в нём sheets-crm, здесь не узнать, спросите его: "
    '"{named}" -m sheets_crm --version. Чтобы запускался этот, откройте скрытый лист xlwings.conf и впишите рядом '
    "с {setting}: {python}",
)
