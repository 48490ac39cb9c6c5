Attribute VB_Name = "SheetsCrmMessage"
Option Explicit

' One message box that can show any language. On Windows VBA's own MsgBox turns every letter outside the code page of
' the computer into a question mark; the function of Windows that it calls has a version without code pages.

#If Not Mac Then
    #If VBA7 Then
        Private Declare PtrSafe Function MessageBoxW Lib "user32" (ByVal hWnd As LongPtr, ByVal lpText As LongPtr, _
            ByVal lpCaption As LongPtr, ByVal uType As Long) As Long
    #Else
        Private Declare Function MessageBoxW Lib "user32" (ByVal hWnd As Long, ByVal lpText As Long, _
            ByVal lpCaption As Long, ByVal uType As Long) As Long
    #End If
#End If

Private Const TITLE As String = "sheets-crm"

Public Sub ShowMessage(ByVal Message As String)
    #If Mac Then
        MsgBox Message, vbExclamation, TITLE
    #Else
        MessageBoxW Application.hWnd, StrPtr(Message), StrPtr(TITLE), vbExclamation
    #End If
End Sub
