"""A passage's prompt has the form that the answer adapter was trained with."""

from __future__ import annotations

from longsum.prompting.passage import passage_prompt


def encode(text: str) -> list[int]:
    return list(text.encode())


def test_the_form_is_the_trained_one() -> None:
    prompt = passage_prompt("The king\n slept. ", " Who  slept?", encode)
    assert bytes(prompt.ids).decode() == "Passage: The king slept.\nQuestion: Who slept?\nAnswer:"


def test_the_question_is_a_part_of_its_own() -> None:
    prompt = passage_prompt("The king slept.", "Who slept?", encode)
    assert bytes(prompt.question).decode() == " Who slept?"
    assert prompt.ids == prompt.passage + prompt.question + prompt.ending
