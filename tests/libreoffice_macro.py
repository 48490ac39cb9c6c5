"""LibreOffice runs the VBA of a macro workbook: what it finds there, and what a macro of it leaves in a cell.

For the buttons of a workbook, whoever made it::

    seen = open_and_run(path, tmp_path, run="SheetsCrm.RunAudit", stubs={"xlwings": RECORDER})
    assert seen.buttons == {"Run audit": "SheetsCrm.RunAudit", "Run week": "SheetsCrm.RunWeek"}
    assert seen.cell == "import sheets_crm.hosts.excel as e; e.run_audit()"

What LibreOffice cannot run is replaced in the opened workbook: xlwings (it starts Python by Windows' or macOS' means)
by a stub that writes into the cell, its class Dictionary (LibreOffice cannot compile it, neither from xlwings' own
workbook) by nothing, and SheetsCrmSystem, where a message box is awaited, by BOX. LibreOffice compiles every branch
of an `#If`, so a message shows what is added on macOS too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.libreoffice import run_basic

CELL = "AMJ1000"
"""Of the first sheet: where stubs write."""

_HEAD = "Rem Attribute VBA_ModuleType=VBAModule\nOption VBASupport 1\n"
_WRITE = f'ThisWorkbook.Worksheets(1).Range("{CELL}").Value = '

RECORDER = f"""{_HEAD}
Public Function RunPython(PythonCommand As String)
    {_WRITE} PythonCommand
End Function
"""
"""In place of the module xlwings: the command is written into the cell."""

FAILS = f"""{_HEAD}
Public Function RunPython(PythonCommand As String)
    RunPython = -1
End Function
"""
"""Python ended with an error, as xlwings reports it on Windows."""

RAISES = f"""{_HEAD}
Public Function RunPython(PythonCommand As String)
    Err.Raise 429, "xlwings", "ActiveX component cannot create object"
End Function
"""
"""Python cannot be started at all: Windows Script Host is switched off."""

_BOX = f"""{_HEAD}
Public Sub ShowMessage(ByVal Message As String)
    {_WRITE} Message
End Sub

Public Function FileIsMissing(ByVal Path As String) As Boolean
    FileIsMissing = %s
End Function
"""
BOX, BOX_WITHOUT_PYTHON = _BOX % "False", _BOX % "True"
"""In place of the module SheetsCrmSystem: what the box would say is written into the cell; Python is there, or not."""


@dataclass(frozen=True)
class Seen:
    """What LibreOffice found in a workbook."""

    modules: dict[str, str]
    """Basic modules by name, with the source that LibreOffice would run."""
    buttons: dict[str, str]
    """Form controls by label, with the macro that a click runs."""
    cell: str
    """The cell in which stubs write, after the run."""


def open_and_run(
    path: Path, outdir: Path, *, run: str | None = None, stubs: Mapping[str, str] | None = None
) -> Seen:
    """What LibreOffice sees in `path` once the macro `run` (module.name) is done; modules in `stubs` are replaced.

    The test fails with LibreOffice's own words if the workbook does not open or the macro stops with an error.
    """
    outdir.mkdir(parents=True, exist_ok=True)
    answer = outdir / "seen.txt"
    replaced = []
    for name, source in {"Dictionary": _HEAD, **(stubs or {})}.items() if run else ():
        stub = outdir / f"{name}.bas"
        stub.write_text(source, encoding="utf-8")
        replaced.append(f'library.replaceByName("{name}", ReadText("{stub.resolve().as_uri()}"))')
    called = [
        f'url = "{_SCRIPT.format(run)}"',
        "doc.getScriptProvider().getScript(url).invoke(nothing, places, results)",
    ]
    macro = _MACRO.format(
        source=path.resolve().as_uri(),
        answer=answer.resolve().as_uri(),
        stubs="\n  ".join(replaced),
        run="\n  ".join(called if run else []),
        cell=CELL,
    )
    run_basic(macro, "Look", outdir)
    if not answer.exists():
        pytest.fail(f"LibreOffice did not open {path.name}")
    lines = [line.split("\x1f") for line in answer.read_text("utf-8").split("\x1e")[:-1]]
    failed = [text for kind, _, text in lines if kind == "error"]
    if failed:
        pytest.fail(f"LibreOffice stopped at {path.name}: {failed[0]}")
    found = {
        kind: {name: text for k, name, text in lines if k == kind} for kind in ("module", "button", "cell")
    }
    prefix, suffix = _SCRIPT.split("{}")
    buttons = {
        label: code.removeprefix(prefix).removesuffix(suffix) for label, code in found["button"].items()
    }
    return Seen(found["module"], buttons, found["cell"][CELL])


_SCRIPT = "vnd.sun.star.script:VBAProject.{}?language=Basic&location=document"

_MACRO = """
Dim out As Object

Sub Look
  Dim nothing(), places(), results()
  Dim how(1) As New com.sun.star.beans.PropertyValue
  how(0).Name = "Hidden" : how(0).Value = False
  how(1).Name = "MacroExecutionMode" : how(1).Value = 4
  files = createUnoService("com.sun.star.ucb.SimpleFileAccess")
  out = createUnoService("com.sun.star.io.TextOutputStream")
  out.setOutputStream(files.openFileWrite("{answer}.part"))
  out.setEncoding("UTF-8")
  On Error GoTo Failed
  doc = StarDesktop.loadComponentFromURL("{source}", "_blank", 0, how())
  library = doc.BasicLibraries.getByName("VBAProject")
  For Each name In library.ElementNames
    Tell("module", name, library.getByName(name))
  Next
  For Each sheet In doc.Sheets
    forms = sheet.DrawPage.Forms
    For f = 0 To forms.Count - 1
      controls = forms.getByIndex(f)
      For c = 0 To controls.Count - 1
        For Each happening In controls.getScriptEvents(c)
          Tell("button", controls.getByIndex(c).Label, happening.ScriptCode)
        Next
      Next
    Next
  Next
  {stubs}
  {run}
  Tell("cell", "{cell}", doc.Sheets.getByIndex(0).getCellRangeByName("{cell}").String)
Done:
  out.closeOutput()
  files.move("{answer}.part", "{answer}")
  StarDesktop.terminate()
  Exit Sub
Failed:
  Tell("error", "", Error$ & " (line " & Erl & ")")
  Resume Done
End Sub

Sub Tell(kind As String, name As String, text As String)
  out.writeString(kind & Chr(31) & name & Chr(31) & text & Chr(30))
End Sub

Function ReadText(url As String) As String
  files = createUnoService("com.sun.star.ucb.SimpleFileAccess")
  source = createUnoService("com.sun.star.io.TextInputStream")
  source.setInputStream(files.openFileRead(url))
  source.setEncoding("UTF-8")
  text = ""
  Do While Not source.isEOF()
    text = text & source.readLine() & Chr(10)
  Loop
  source.closeInput()
  ReadText = text
End Function
"""
