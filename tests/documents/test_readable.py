from __future__ import annotations

import io
from pathlib import Path

import pdf_faults as faults
import pdfs
import pytest

from longsum.documents.extent import extent_of
from longsum.documents.read import read_document
from longsum.documents.readable import Found, better, has_one_script, rare_share
from longsum.errors import UnreadableText

ENGLISH = f"{pdfs.WORDS} A clerk wrote the minutes and sent copies to every member of the board."
OTHERS = {
    "German": "Der Ausschuss prüfte die Schätzungen der Handwerker und beschloss, das Dach der "
    "alten Markthalle noch vor dem Winter zu erneuern; über die Kosten soll im nächsten Frühjahr "
    "abgestimmt werden, sobald die übrigen Angebote vorliegen und geprüft worden sind.",
    "Polish": "Wszyscy mieszkańcy wsi zebrali się wczoraj przed szkołą, żeby porozmawiać o moście, "
    "który zniszczyła wiosenna powódź; wójt obiecał, że pieniądze znajdą się jeszcze przed zimą, "
    "chociaż nikt ze zgromadzonych nie chciał w to uwierzyć.",
    "Czech": "Čtvrtek ráno přinesl déšť a vítr, takže dělníci zůstali doma a stavba mostu se znovu "
    "zpozdila; starosta přesto tvrdí, že všechno bude hotové včas, dříve než napadne první sníh.",
    "Finnish": "Kyläläiset kokoontuivat koululle keskustelemaan sillasta, jonka kevään tulva oli "
    "vienyt mukanaan, eikä kukaan uskonut rahojen löytyvän ennen seuraavaa talvea.",
    "Turkish": "Köylüler dün okulun önünde toplanıp ilkbaharda yıkılan köprü hakkında "
    "konuştular; muhtar parayı kıştan önce bulacağına söz verdi ama kimse buna inanmak istemedi.",
    "code": "def read_lines(path, encoding='utf8'):\n"
    "    with open(path, encoding=encoding) as file:\n"
    "        return [line.rstrip() for line in file if line.strip() and not line.startswith('#')]\n"
    "class Parser:\n    def __init__(self, tokens, strict=False):\n        self.tokens = tokens\n",
    "table": "Item 2024 2025\nBridge 4,120 3,900\nHarbour 12,000 11,450\nTotal 16,120 15,350 " * 4,
    "formulas": "∀x ∈ ℝ: f(x) = ∫₀ˣ e^(−t²) dt ≤ √π/2, Σ aᵢ² ≥ (Σ aᵢ)²/n, lim sup xₙ = +∞ ⇒ ‖A‖",
    "Chinese": "港务委员会于星期一开会，决定是否购买新渡轮。委员们读过测量师的报告。",
    "Japanese": "港湾委員会は月曜日に会議を開き、新しいフェリーを買うかどうかを決めた。",
    "Korean": "항만 위원회는 월요일에 모여 새 여객선을 살지 말지를 결정하기로 하였다.",
    "Arabic": "اجتمع مجلس الميناء يوم الاثنين ليقرر شراء عبارة جديدة، وقد قرأ أعضاؤه تقرير المساح.",
    "Hebrew": "ועד הנמל התכנס ביום שני כדי להחליט אם לקנות מעבורת חדשה לקראת הקיץ הקרוב.",
    "Russian": "Портовый совет собрался в понедельник, чтобы решить, покупать ли новый паром.",
    "Hindi": "बंदरगाह समिति सोमवार को यह तय करने के लिए मिली कि नई नौका खरीदी जाए या नहीं।",
    "short": "Page 4",
    "bullets": "\uf0b7 One\n\uf0b7 Two\n\uf0b7 Three\n\uf0a7 Four",
}


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("guessed", [0.0, 1.0])
def test_languages_code_and_numbers_are_readable(name: str, guessed: float) -> None:
    found = Found(OTHERS[name], guessed=guessed)
    assert found.is_readable
    assert not found.is_doubtful
    assert rare_share(OTHERS[name], 8) < 0.12


@pytest.mark.parametrize("shift", [1, 3, 5, 7, 10, 13, 18, 22])
def test_letters_exchanged_for_others_make_no_words(shift: int) -> None:
    other = "".join(
        chr((ord(c.lower()) - 97 + shift) % 26 + 97) if c.isalpha() else c for c in ENGLISH
    )
    assert rare_share(other, 25) > 0.2 > 6 * rare_share(ENGLISH, 25)
    assert not Found(other).is_readable
    assert Found(other).usable == 0


@pytest.mark.parametrize("glyph", ["\x05", "\ufffd", "\ue123", "\x85", "\U000f0012"])
def test_glyphs_without_a_character_are_counted(glyph: str) -> None:
    found = Found(ENGLISH + 200 * glyph)
    assert found.unusable == 200
    assert not found.is_readable
    assert Found(ENGLISH + 10 * glyph).is_readable
    assert Found(5 * glyph).is_readable  # an ornament


def test_glyph_numbers_in_several_scripts_are_no_text() -> None:
    assert not has_one_script("ĴǎƶơǎƹŎķຊ࠘䋔ⰚǎǔƼǎ")
    assert not Found("ɍɝɥɨɜɚɹ ɲɥɢɮɨɜɚɥɶɧɚɹ", guessed=1.0).is_readable


def test_the_better_reader_is_taken() -> None:
    lost = Found("Report 2015", missing=90)
    assert better(lost, Found(ENGLISH))
    assert not better(Found(ENGLISH), Found(ENGLISH))
    assert not better(Found(ENGLISH), Found(300 * "\ufffd"))


SHIFTED = {chr(c): chr(c + 5) for c in range(97, 118)} | {
    chr(c): chr(c - 21) for c in range(118, 123)
}


def test_page_in_a_false_font_is_named_and_left_out() -> None:
    document = read_document(
        "-", stdin=io.BytesIO(faults.with_characters(ENGLISH, SHIFTED, count=3))
    )
    (warning,) = document.warnings
    assert warning.startswith("page 1 of 3 cannot be read: its fonts do not say")
    assert "ocrmypdf --force-ocr in.pdf out.pdf" in warning
    assert document.unreadable == (1,)
    assert document.text.startswith("The committee met")
    assert extent_of(document, [(0, 10**6)]).what_was_read() == "2 of 3 pages readable"


@pytest.mark.parametrize("code", ["\x04", "\ufffd", "\ue001"])
def test_document_without_known_characters_is_refused(code: str, tmp_path: Path) -> None:
    """Most glyphs were dropped without a word, and the rest was summarized."""
    path = tmp_path / "a b.pdf"
    table = {chr(c): code for c in range(97, 123)}
    path.write_bytes(faults.with_characters(ENGLISH, table))
    with pytest.raises(UnreadableText, match="its fonts do not say") as caught:
        read_document(path)
    assert f"ocrmypdf --force-ocr '{path}' out.pdf" in (caught.value.hint or "")
