from __future__ import annotations

import pytest

from longsum.documents.read import parse_document

SAID = (
    "Good evening and welcome to the meeting of the ferry board.",
    "The surveyor has written a report which all of you",
    "have read, I hope, before you came here.",
    "A new ferry would cost four hundred thousand crowns.",
    "The bank asks for five percent a year",
    "and it wants the pier.",
)
NAMES = ("Ada Quill", "Bo Marbeck", "Cy Tarn")
FORMS = {
    "WhatsApp, Android": "12/03/2024, 19:0{minute} - {name}: {text}",
    "WhatsApp, iOS": "\u200e[12/03/2024, 19:0{minute}:05] {name}: {text}",
    "WhatsApp, United States": "3/12/24, 7:0{minute}\u202fPM - {name}: {text}",
    "WhatsApp, German": "12.03.24, 19:0{minute} - {name}: {text}",
    "IRC": "[19:0{minute}] <{name}> {text}",
    "log": "2024-03-12 19:0{minute}:11\t{name}\t{text}",
    "ISO": "2024-03-12T19:0{minute}:05Z {name}: {text}",
    "Zoom": "19:0{minute}:05 From {name} to Everyone: {text}",
    "Teams": "00:00:0{minute}.000 {name}\n{text}\n",
    "Slack": "{name}  7:0{minute} PM\n{text}\n",
    "Slack, no gaps": "{name} [7:0{minute} PM]\n{text}",
    "Discord": "{name} — Today at 7:0{minute} PM\n{text}\n",
    "Telegram": "{name}, [12.03.24 19:0{minute}]\n{text}\n",
    "interview": "{name}: {text}",
}


def chat(form: str) -> str:
    return "\n".join(
        form.format(minute=minute, name=NAMES[minute % 3], text=text)
        for minute, text in enumerate(SAID)
    )


def paragraphs(text: str) -> list[str]:
    return parse_document(text.encode(), "chat.txt").text.split("\n\n")


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_each_message_is_a_paragraph_with_its_speaker_and_time(form: str) -> None:
    found = paragraphs(chat(form))
    assert len(found) == len(SAID)
    for minute, (paragraph, text) in enumerate(zip(found, SAID, strict=True)):
        assert paragraph.endswith(text)
        assert NAMES[minute % 3] in paragraph
        assert f"0{minute}" in paragraph or "0{minute}" not in form


def test_a_message_keeps_its_lines() -> None:
    text = chat(FORMS["IRC"]).replace(SAID[3], SAID[3] + "\nYes\nNo")
    assert paragraphs(text)[3].endswith(SAID[3] + "\nYes\nNo")


def test_a_wrapped_message_is_joined() -> None:
    wrapped = "The treasurer proposes to raise the price of a crossing from two\ncrowns to three."
    text = chat(FORMS["IRC"]).replace(SAID[3], wrapped)
    assert paragraphs(text)[3].endswith(wrapped.replace("\n", " "))


def test_a_text_with_a_few_times_or_names_is_not_a_chat() -> None:
    prose = (
        "The board met on Monday to decide about the new ferry. It was to leave at\n"
        "19:00 and to be back before the night. Its members had read the report, and\n"
        "Note: most of them doubted the figures. They were sent to the surveyor by the\n"
        "clerk at 19:30 and came back on Tuesday. Nobody had found a mistake in them."
    )
    assert paragraphs(prose) == [prose.replace("\n", " ")]


def test_a_wrapped_interview_keeps_its_sentences_whole() -> None:
    text = (
        "Ada Quill: What does the surveyor say in the report which he has sent to all\n"
        "Members of the board?\n"
        "Bo Marbeck: He says that the old ferry can run for another six years if we\n"
        "replace the engine.\n"
        "Ada Quill: And what would it cost?\n"
        "Bo Marbeck: Nobody knows.\n"
    )
    first, second, *rest = paragraphs(text)
    assert first.endswith("to all Members of the board?")
    assert second.endswith("if we replace the engine.")
    assert rest == ["Ada Quill: And what would it cost?", "Bo Marbeck: Nobody knows."]
