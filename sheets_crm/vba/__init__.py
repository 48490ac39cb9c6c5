"""The macro project of a workbook: sources go in, vbaProject.bin comes out; nothing but the standard library is used.

`project(modules(sheets=code_names))` is the project of our buttons for a workbook whose sheets bear these code names.
The texts of its message box stand in the workbook: `messages(lang)` are rows for the sheet `xlwings.conf`.
"""

from sheets_crm.vba.project import Kind, Module, class_module, document_module, project, standard_module
from sheets_crm.vba.sources import messages, modules

__all__ = [
    "Kind",
    "Module",
    "class_module",
    "document_module",
    "messages",
    "modules",
    "project",
    "standard_module",
]
