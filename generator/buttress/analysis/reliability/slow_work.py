"""Work that takes seconds and is done while a client waits: mail, documents, spreadsheets, models."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from buttress.analysis.access.handlers import handlers
from buttress.analysis.function_bodies import calls_by_function
from buttress.project.model import Project, Service
from buttress.project.modules import OwnModules, called_name, own_modules
from buttress.source import Module, Modules
from buttress.source.nodes import Function
from buttress.source.patterns import lazy_pattern

_SLOW = {
    "smtplib.SMTP": "a mail is sent",
    "smtplib.SMTP_SSL": "a mail is sent",
    "aiosmtplib.send": "a mail is sent",
    "django.core.mail.send_mail": "a mail is sent",
    "django.core.mail.send_mass_mail": "mails are sent",
    "django.core.mail.mail_admins": "a mail is sent",
    "weasyprint.HTML": "a document is laid out",
    "pdfkit.from_string": "a document is laid out",
    "pdfkit.from_url": "a document is laid out",
    "pdfkit.from_file": "a document is laid out",
    "xhtml2pdf.pisa.CreatePDF": "a document is laid out",
    "pandas.read_csv": "a table is read",
    "pandas.read_excel": "a table is read",
    "whisper.load_model": "a model is loaded",
    "pytesseract.image_to_string": "an image is read",
    "pdf2image.convert_from_path": "a document is drawn",
    "pdf2image.convert_from_bytes": "a document is drawn",
    "docx2pdf.convert": "a document is converted",
    "resend.Emails.send": "a mail is sent",
}
_MAIL_TYPES = frozenset(
    ["django.core.mail.EmailMessage", "django.core.mail.EmailMultiAlternatives", "flask_mail.Message",
     "sendgrid.SendGridAPIClient", "flask_mail.Mail", "flask_mailman.EmailMessage"]
)  # fmt: skip
_LATER = lazy_pattern(
    r"\b(?:Thread|executor|to_thread|create_task|run_in_executor|run_in_threadpool|Process)\b"
)


def slow_work(
    project: Project, service: Service, modules: Modules
) -> Iterator[tuple[Module, ast.expr, str]]:
    """Yield the calls of handlers that do slow work, or call a function that does, one a handler."""
    own = own_modules(project.tree)
    doing: dict[tuple[str, str], str] = {}
    slow = modules.naming(*_SLOW, *_MAIL_TYPES).where(lambda module: bool(_slow_calls(module)))
    for module in slow:
        for call in _slow_calls(module):
            holder = module.function(call)
            is_top = holder is not None and module.parent(holder) is module.tree
            if is_top and holder is not None and not _is_task(module, holder):
                doing.setdefault((module.path, holder.name), _what(module, call))
    # who calls one of these may stand anywhere
    for module in modules if doing else slow:
        for handler in handlers(project, service, module):
            found = _in_handler(module, handler.node, service, own, doing)
            if found is not None:
                yield module, found[0], found[1]


def _in_handler(
    module: Module,
    function: Function,
    service: Service,
    own: OwnModules,
    doing: dict[tuple[str, str], str],
) -> tuple[ast.expr, str] | None:
    for call in calls_by_function(module).get(function, ()):
        what = _what(module, call)
        if not what and doing and not _is_imported_type(call):
            place = own.defined_at(module, call.func, service.import_root)
            what = doing.get(place, "") if place is not None else ""
        if what and not _is_later(module, call, function):
            return call, what
    return None


def _slow_calls(module: Module) -> list[ast.Call]:
    """Return the calls that do slow work, in source order."""
    sent = [call for call in module.called("send") if _what(module, call)]
    found = dict.fromkeys([*module.calls_to(_SLOW.keys()), *sent])
    return sorted(found, key=lambda call: (call.lineno, call.col_offset))


def _what(module: Module, call: ast.Call) -> str:
    target = module.resolve(call.func)
    if target in _SLOW:
        return _SLOW[target]
    if called_name(call) == "send" and isinstance(call.func, ast.Attribute):
        owner = call.func.value
        if isinstance(owner, ast.Call) and module.resolve(owner.func) in _MAIL_TYPES:
            return "a mail is sent"
        if isinstance(owner, ast.Name):
            is_mail = owner.id in {"mail", "email", "msg", "message", "email_message"}
            if is_mail and any(binding.target in _MAIL_TYPES for binding in module.imports):
                return "a mail is sent"
    return ""


def _is_imported_type(call: ast.Call) -> bool:
    return called_name(call)[:1].isupper()


def _is_task(module: Module, function: Function) -> bool:
    """Whether a function is run by a queue (``@shared_task``), starts a thread, or keeps its result."""
    marks = " ".join(ast.dump(mark) for mark in function.decorator_list)
    if "task" in marks or "actor" in marks or "job" in marks:
        return True
    text = module.source(function)
    return "cache" in text or bool(_LATER.search(text))


def _is_later(module: Module, call: ast.Call, function: Function) -> bool:
    """Whether a call stands in a lambda, or in the arguments of something that runs it later."""
    for above in module.ancestors(call):
        if above is function:
            return False
        if isinstance(above, ast.Lambda):
            return True
        if isinstance(above, ast.Call) and called_name(above) in {
            "to_thread",
            "create_task",
            "add_task",
        }:
            return True
    return False
