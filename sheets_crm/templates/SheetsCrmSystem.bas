Attribute VB_Name = "SheetsCrmSystem"
Option Explicit

' What VBA itself cannot do in every language: a message box and a look at a file. Both go past the code page of the
' computer, in which VBA's own MsgBox and Dir turn every letter that it does not have into a question mark.

#If Mac Then
    ' Nothing to declare: MsgBox has to do.
#ElseIf VBA7 Then
    Private Declare PtrSafe Function MessageBoxW Lib "user32" (ByVal hWnd As LongPtr, ByVal lpText As LongPtr, _
        ByVal lpCaption As LongPtr, ByVal uType As Long) As Long
#Else
    Private Declare Function MessageBoxW Lib "user32" (ByVal hWnd As Long, ByVal lpText As Long, _
        ByVal lpCaption As Long, ByVal uType As Long) As Long
#End If

Private Const TITLE As String = "sheets-crm"

Public Sub ShowMessage(ByVal Message As String)
    #If Mac Then
        MsgBox Message, vbExclamation, TITLE
    #Else
        MessageBoxW Application.hWnd, StrPtr(Message), StrPtr(TITLE), vbExclamation
    #End If
End Sub

' True only if it is certain. Not asked on macOS, where looking at a file makes Excel ask the user for leave.
Public Function FileIsMissing(ByVal Path As String) As Boolean
    #If Mac Then
        FileIsMissing = False
    #Else
        On Error Resume Next
        FileIsMissing = Not CreateObject("Scripting.FileSystemObject").FileExists(Path)
    #End If
End Function
