"""LibreOffice as a second opinion: it opens and re-saves what we wrote, with a profile of its own."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from xml.sax.saxutils import escape

import pytest


def soffice() -> str:
    """The program; the test is skipped where it is not installed."""
    program = shutil.which("soffice") or shutil.which("libreoffice")
    if program is None:
        pytest.skip("LibreOffice (soffice) is not installed here")
    return program


def _office(outdir: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = soffice()
    outdir.mkdir(parents=True, exist_ok=True)
    profile = (outdir / "profile").resolve().as_uri()
    command = [program, f"-env:UserInstallation={profile}", "--headless", "--norestore", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)


def convert(path: Path, to: str, outdir: Path) -> Path:
    """The file as LibreOffice saves it: `to` is an ending such as xlsx, pdf or csv."""
    done = _office(outdir, "--convert-to", to, "--outdir", str(outdir), str(path))
    made = outdir / f"{path.stem}.{to.split(':', 1)[0]}"
    if not made.exists():
        pytest.fail(f"LibreOffice could not open {path.name}: {done.stdout} {done.stderr}")
    return made


def sort_and_save(path: Path, sheet: str, column: int, outdir: Path) -> Path:
    """The workbook after a person sorted a sheet by a column (from 1), largest first, and saved it in LibreOffice."""
    made = outdir / f"{path.stem}-sorted.xlsx"
    macro = _SORT.format(
        source=path.resolve().as_uri(), target=made.resolve().as_uri(), sheet=sheet, field=column - 1
    )
    run_basic(macro, "SortDeals", outdir)
    if not made.exists():
        pytest.fail(f"LibreOffice did not sort and save {path.name}")
    return made


def run_basic(text: str, sub: str, outdir: Path) -> None:
    """Runs a Sub of a Basic module of ours, which has to end the program; LibreOffice tells nobody of its errors."""
    _office(
        outdir, "--terminate_after_init"
    )  # a first start lays out the profile, and would overwrite the macro
    basic = outdir / "profile" / "user" / "basic"
    (basic / "Standard").mkdir(parents=True, exist_ok=True)
    for name, content in {**_LIBRARY, "Standard/Module1.xba": _MODULE.format(code=escape(text))}.items():
        (basic / name).write_text(content, encoding="utf-8")
    _office(outdir, f"macro:///Standard.Module1.{sub}")


_DOCTYPE = '<!DOCTYPE {0} PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "{1}.dtd">'
_SPACE = 'xmlns:library="http://openoffice.org/2000/library" xmlns:xlink="http://www.w3.org/1999/xlink"'
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_LIBRARY = {
    "script.xlc": _HEAD + _DOCTYPE.format("library:libraries", "libraries") + f"<library:libraries {_SPACE}>"
    '<library:library library:name="Standard" xlink:href="$(USER)/basic/Standard/script.xlb/" xlink:type="simple"'
    ' library:link="false"/></library:libraries>',
    "Standard/script.xlb": _HEAD + _DOCTYPE.format("library:library", "library")
    + '<library:library xmlns:library="http://openoffice.org/2000/library" library:name="Standard"'
    ' library:readonly="false" library:passwordprotected="false"><library:element library:name="Module1"/>'
    "</library:library>",
}  # fmt: skip
_MODULE = (
    _HEAD
    + _DOCTYPE.format("script:module", "module")
    + '<script:module xmlns:script="http://openoffice.org/2000/script"'
    ' script:name="Module1" script:language="StarBasic">{code}</script:module>'
)
_SORT = """
Sub SortDeals
  Dim hidden(0) As New com.sun.star.beans.PropertyValue
  hidden(0).Name = "Hidden" : hidden(0).Value = True
  doc = StarDesktop.loadComponentFromURL("{source}", "_blank", 0, hidden())
  sheet = doc.Sheets.getByName("{sheet}")
  cursor = sheet.createCursor()
  cursor.gotoEndOfUsedArea(False)
  area = sheet.getCellRangeByPosition(0, 0, cursor.RangeAddress.EndColumn, cursor.RangeAddress.EndRow)
  Dim fields(0) As New com.sun.star.table.TableSortField
  fields(0).Field = {field} : fields(0).IsAscending = False
  Dim how(1) As New com.sun.star.beans.PropertyValue
  how(0).Name = "SortFields" : how(0).Value = fields()
  how(1).Name = "ContainsHeader" : how(1).Value = True
  area.sort(how())
  Dim save(0) As New com.sun.star.beans.PropertyValue
  save(0).Name = "FilterName" : save(0).Value = "Calc MS Excel 2007 XML"
  doc.storeToURL("{target}", save())
  doc.close(True)
  StarDesktop.terminate()
End Sub
"""
