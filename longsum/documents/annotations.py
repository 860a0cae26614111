"""What a viewer shows beside a page's content: values of form fields, notes and text boxes.

Callers hold the lock of `pdf.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from longsum.documents.clean import clean_characters
from longsum.documents.lines import Bounds
from longsum.documents.utf16 import pdfium_text

MAX_ANNOTATIONS = 20_000
"""Annotations of a page that are looked at."""
MAX_OPTIONS = 2_000
"""Options of a list that are looked at."""
MARK = "[x]"
"""What stands for a box that is ticked, or a button that is chosen."""

_HIDDEN = 1 << 1 | 1 << 5
"""Flags of annotations that are not shown (PDF 32000, 12.5.3)."""
_PASSWORD = 1 << 13
"""Flag of a text field whose value is not shown (PDF 32000, 12.7.4.3)."""


@dataclass(frozen=True)
class Field:
    """A form field that is filled in."""

    text: str
    """Its value, with newlines; `MARK` for a box that is ticked."""
    bounds: Bounds

    @property
    def is_mark(self) -> bool:
        """Whether it is a ticked box, whose label follows it."""
        return self.text == MARK


@dataclass(frozen=True)
class Annotations:
    """What one page's annotations say."""

    fields: tuple[Field, ...] = ()
    notes: tuple[str, ...] = ()
    """Texts of notes, text boxes and comments."""
    widgets: int = 0
    """Form fields, filled in or not."""


class FormReader:
    """Reads the annotations of an open file's pages.

    Args:
        pdf: from pypdfium2.
    """

    def __init__(self, pdf: Any) -> None:
        import pypdfium2.raw as raw  # type: ignore[import-untyped]

        self.raw, self.form = raw, None
        kind = raw.FPDF_GetFormType(pdf)
        self.is_xfa = kind in (raw.FORMTYPE_XFA_FULL, raw.FORMTYPE_XFA_FOREGROUND)
        """Whether the file holds a form in XFA, which its pages may not show."""
        if kind != raw.FORMTYPE_NONE:
            self._settings = raw.FPDF_FORMFILLINFO(version=2)
            self.form = raw.FPDFDOC_InitFormFillEnvironment(pdf, self._settings) or None
        self._notes = {
            *(raw.FPDF_ANNOT_TEXT, raw.FPDF_ANNOT_FREETEXT, raw.FPDF_ANNOT_LINE),
            *(raw.FPDF_ANNOT_SQUARE, raw.FPDF_ANNOT_CIRCLE, raw.FPDF_ANNOT_POLYGON),
            *(raw.FPDF_ANNOT_POLYLINE, raw.FPDF_ANNOT_HIGHLIGHT, raw.FPDF_ANNOT_UNDERLINE),
            *(raw.FPDF_ANNOT_SQUIGGLY, raw.FPDF_ANNOT_STRIKEOUT, raw.FPDF_ANNOT_STAMP),
            *(raw.FPDF_ANNOT_CARET, raw.FPDF_ANNOT_INK, raw.FPDF_ANNOT_FILEATTACHMENT),
        }

    def close(self) -> None:
        """Free what forms need; before the file is closed."""
        if self.form is not None:
            self.raw.FPDFDOC_ExitFormFillEnvironment(self.form)
            self.form = None

    def read(self, page: Any) -> Annotations:
        """Return what a page's annotations say, in the file's order."""
        raw = self.raw
        fields: list[Field] = []
        notes: list[str] = []
        widgets = 0
        for index in range(min(raw.FPDFPage_GetAnnotCount(page), MAX_ANNOTATIONS)):
            each = raw.FPDFPage_GetAnnot(page, index)
            if not each:
                continue
            try:
                kind = raw.FPDFAnnot_GetSubtype(each)
                if kind == raw.FPDF_ANNOT_WIDGET:
                    widgets += 1
                    if self.form is not None and (field := self._field(each)):
                        fields.append(field)
                elif kind in self._notes and (note := self._note(each)):
                    notes.append(note)
            finally:
                raw.FPDFPage_CloseAnnot(each)
        return Annotations(tuple(fields), tuple(dict.fromkeys(notes)), widgets)

    def _note(self, each: Any) -> str:
        """Return a note's text; empty for one that is hidden, or only says what became of it."""
        raw = self.raw
        if raw.FPDFAnnot_GetFlags(each) & _HIDDEN or raw.FPDFAnnot_HasKey(each, b"State"):
            return ""
        text = pdfium_text(
            lambda buffer, size: raw.FPDFAnnot_GetStringValue(each, b"Contents", buffer, size)
        )
        return " ".join(clean_characters(text).split())

    def _field(self, each: Any) -> Field | None:
        """Return a form field that shows a value."""
        raw, form = self.raw, self.form
        box = raw.FS_RECTF()
        if raw.FPDFAnnot_GetFlags(each) & _HIDDEN or not raw.FPDFAnnot_GetRect(each, box):
            return None
        bounds = (box.left, box.bottom, box.right, box.top)
        if not all(map(math.isfinite, bounds)) or box.right - box.left < 1:
            return None
        kind = raw.FPDFAnnot_GetFormFieldType(form, each)
        if kind in (raw.FPDF_FORMFIELD_CHECKBOX, raw.FPDF_FORMFIELD_RADIOBUTTON):
            return Field(MARK, bounds) if self._is_on(each) else None
        if kind in (raw.FPDF_FORMFIELD_COMBOBOX, raw.FPDF_FORMFIELD_LISTBOX):
            text = self._chosen(each) or self._value(each)
        elif kind == raw.FPDF_FORMFIELD_TEXTFIELD:
            is_secret = raw.FPDFAnnot_GetFormFieldFlags(form, each) & _PASSWORD
            text = "" if is_secret else self._value(each)
        else:
            return None
        text = clean_characters(text).strip()
        return Field(text, bounds) if text and text != MARK else None

    def _is_on(self, each: Any) -> bool:
        """Return whether a box is ticked: by its appearance, else by its field's value.

        pdfium's own answer needs a page that is shown in a window.
        """
        state = pdfium_text(
            lambda buffer, size: self.raw.FPDFAnnot_GetStringValue(each, b"AS", buffer, size)
        )
        return (state or self._value(each)) not in ("", "Off")

    def _value(self, each: Any) -> str:
        ask = self.raw.FPDFAnnot_GetFormFieldValue
        return pdfium_text(lambda buffer, size: ask(self.form, each, buffer, size))

    def _chosen(self, each: Any) -> str:
        """Return the options of a list that are chosen."""
        raw, form = self.raw, self.form
        labels = []
        for index in range(min(raw.FPDFAnnot_GetOptionCount(form, each), MAX_OPTIONS)):
            if raw.FPDFAnnot_IsOptionSelected(form, each, index):
                labels.append(self._option(each, index))
        return ", ".join(filter(None, labels))

    def _option(self, each: Any, index: int) -> str:
        ask = self.raw.FPDFAnnot_GetOptionLabel
        return pdfium_text(lambda buffer, size: ask(self.form, each, index, buffer, size))
