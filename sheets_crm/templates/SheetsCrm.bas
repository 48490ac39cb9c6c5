Attribute VB_Name = "SheetsCrm"
Option Explicit

' The buttons of this workbook. A button asks Python on this computer for one run; xlwings (module xlwings, which
' came with it) starts Python and hands it this workbook. Nothing else happens here: no file is opened, nothing is
' sent anywhere. What Python knows to be wrong it tells in a message of its own.

Private Const SETTINGS As String = "xlwings.conf"

Public Sub RunAudit()
    Ask "import sheets_crm.hosts.excel as e; e.run_audit()"
End Sub

Public Sub RunWeek()
    Ask "import sheets_crm.hosts.excel as e; e.run_week()"
End Sub

Private Sub Ask(ByVal Command As String)
    Dim Answer As Variant
    Dim Detail As String

    Detail = Interpreter()
    If Detail <> "" And FileIsMissing(Detail) Then
        Tell "SHEETS_CRM_NO_PYTHON", Detail, "Python is not where this workbook looks for it. Nothing was changed." _
            & " Whoever set up sheets-crm on this computer can mend it: sheets-crm excel doctor says how."
        Exit Sub
    End If

    On Error GoTo NotStarted
    Answer = RunPython(Command)
    On Error GoTo 0

    ' -1 is how xlwings says, on Windows, that Python ended with an error; it has shown what Python said. On macOS
    ' Python goes on by itself, and xlwings shows its error when it ends.
    If Answer = -1 Then
        Tell "SHEETS_CRM_FAILED", "", "Python stopped with the error that was just shown, so this run may not have" _
            & " been finished. Press Ctrl+C in such a message to copy it, and send it to whoever set up sheets-crm." _
            & " sheets-crm excel doctor checks this computer."
    End If
    Exit Sub

NotStarted:
    Detail = Err.Description
    Tell "SHEETS_CRM_NOT_STARTED", Detail, "Python could not be started, so nothing was changed. Whoever set up" _
        & " sheets-crm on this computer can mend it: sheets-crm excel doctor says how."
End Sub

' Where xlwings will look for Python on Windows, if the settings sheet says it outright; then a missing file can be told
' in a sentence, where xlwings would say "Could not find Interpreter!".
Private Function Interpreter() As String
    Dim Path As String
    Path = Setting("INTERPRETER_WIN")
    If InStr(Path, "\") > 0 And InStr(Path, "%") = 0 Then Interpreter = Path
End Function

' The message stands in the settings sheet in the language of this workbook. The source could not hold it: VBA keeps
' its text in the code page of one computer, and Cyrillic comes out as question marks on the next.
Private Sub Tell(ByVal Key As String, ByVal Detail As String, ByVal English As String)
    Dim Message As String
    Message = Setting(Key)
    If Message = "" Then Message = English
    #If Mac Then
        ' Should the box of this Excel not know Cyrillic, the English below it can be read.
        If Message <> English Then Message = Message & vbNewLine & vbNewLine & English
    #End If
    If Detail <> "" Then Message = Message & vbNewLine & vbNewLine & Detail
    ShowMessage Message
End Sub

' What stands beside Key on the settings sheet; nothing if there is no such sheet or line.
Private Function Setting(ByVal Key As String) As String
    Dim Sheet As Object
    Dim Row As Long
    On Error GoTo NoSheet
    Set Sheet = ThisWorkbook.Worksheets(SETTINGS)
    For Row = 1 To 100
        If UCase(CStr(Sheet.Cells(Row, 1).Value)) = Key Then
            Setting = CStr(Sheet.Cells(Row, 2).Value)
            Exit Function
        End If
    Next Row
NoSheet:
End Function
