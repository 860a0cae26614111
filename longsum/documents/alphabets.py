"""How often letters occur in languages, coarsely: what a guess at an encoding is weighed by.

Figures are occurrences in a thousand letters; of a language in Latin letters only those that ASCII
lacks are listed, and some of its words. Pure data, and its logarithms.
"""

from __future__ import annotations

import math

_LATIN = {
    "en": "é1 è.2 ê.1 à.1 ç.1 ï.1 ö.1 ü.1 ä.1 ñ.1 á.05 í.05 ó.05",
    "de": "ä6 ö3 ü7 ß3 é.2 è.1 à.1",
    "fr": "é19 è3 à5 ê2 ç1 ù.6 â.5 î.5 ô.3 û.6 ë.1 ï.2 œ.2 ü.1 ÿ.01 æ.01",
    "es": "á5 é4 í7 ó8 ú2 ñ3 ü.2 ¿1 ¡.5 º.2 ª.2",
    "pt": "á4 ã7 ç5 é5 ê3 í3 ó3 õ2 ú2 â2 à1 ô1 ü.1 º.2 ª.2",
    "it": "à6 è5 é1 ì1 ò2 ù2 î.05 º.1 ª.1",
    "ca": "à5 è3 é4 í3 ï.5 ò2 ó3 ú1 ü.3 ç1 ·.3",
    "nl": "ë1 é1 ï.5 ö.2 ü.1 è.1 ê.05",
    "da": "æ9 ø9 å12 é.4 ü.1 ö.1 ä.1",
    "no": "æ2 ø9 å13 é.2 ò.1 ô.1 ö.1 ä.1",
    "sv": "å14 ä18 ö14 é.5 ü.1 à.1",
    "fi": "ä36 ö5 å.3 š.05 ž.05 é.1 ü.1",
    "is": "á18 ð44 é7 í16 ó10 ö8 ú6 ý2 þ15 æ9",
    "pl": "ą10 ć4 ę11 ł18 ń2 ó9 ś7 ź.6 ż8 ü.1 é.1",
    "cs": "á22 č9 ď.3 é13 ě16 í33 ň.3 ó.3 ř12 š8 ť.5 ú1 ů7 ý11 ž10 ö.1 ü.1",
    "sk": "á17 č10 ď2 é8 í11 ľ5 ĺ.1 ň2 ó1 ô2 š8 ť8 ú8 ý10 ž8 ä1 ŕ.1 ö.1 ü.1",
    "hu": "á34 é37 í6 ó10 ö10 ő9 ú3 ü6 ű2 ä.1",
    "ro": "ă20 â8 î7 ş9 ţ9 ș9 ț9 é.1 ö.1",
    "hr": "č10 ć5 đ2 š9 ž5 é.1 ü.1",
    "sl": "č11 š9 ž6 ć.3 đ.1 é.1 ü.1",
    "tr": "ç10 ğ11 ı50 ö8 ş18 ü18 â.3 î.1 û.1 İ3",
    "et": "ä13 ö3 õ10 ü8 š.6 ž.6 é.1",
    "lv": "ā40 č1 ē17 ģ1 ī18 ķ1 ļ2 ņ5 š9 ū5 ž3 ö.1",
    "lt": "ą7 č4 ę2 ė16 į6 š13 ų14 ū5 ž9",
    "sq": "ë60 ç6",
}
_WORDS = {
    "en": "the of and to in is that it was for with as by at from this be on are had not but",
    "de": "der die und das ist nicht ein eine mit von den dem zu wird auf im sich des für über",
    "fr": "le la les des et un une du que pour dans est qui sur pas au il se été à où même très",
    "es": "el la los de que y en un una por con las del se no al su más también está según",
    "pt": "o os a as de que e do da em um uma para com dos das não se ao é são também já à às",
    "it": "il la di che e un una per con del non della si lo gli al le dei è più perché anche già",
    "ca": "el la els de que i en un una per amb les del no és més també",
    "nl": "de het een van en niet dat is met voor op te zijn was er",
    "da": "og det er en af til den der ikke med har som for på de at blev så også når være få",
    "no": "og det er en av til den som ikke med har for på de at ble så også når være få etter",
    "sv": "och det att en som av den med inte till har var på för är från så när också över",
    "fi": "ja on oli se ei että mutta kun joka sen niin hän tai jos sekä myös siitä mitä",
    "is": "og að er í á en sem við það um til af var ekki með",
    "pl": "i w na z nie jest do od przez oraz o po za to się że są był także które może",
    "cs": "a v na se je ze do od pro byl to o za by že jako které není již při až také být před",
    "sk": "a v na sa je zo do od pre bol to o za by že ako ktoré nie je už pri až tiež byť pred",
    "hu": "a az egy hogy nem meg volt ez is és csak már még vagy több után szerint között",
    "ro": "de la un o cu din nu este pe al mai au și şi ţi în și să că după fără până",
    "hr": "i je u na se da za od su o s to koji što više već može još",
    "sl": "in je na se da za od so o s to ki še več že tudi lahko",
    "tr": "ve bir bu da de ile olan için çok daha gibi kadar sonra göre değil olduğu",
    "et": "ja on ei oli see ka kui aga või üle välja",
    "lv": "un ir par no uz ka ar kā arī bija lai vai pēc līdz",
    "lt": "ir yra kad su tai iki bet per ar yra nėra būti kuris gali nepavyko iš už apie taip į iš",
    "sq": "e i dhe të në për me një që është nga",
}
_CYRILLIC = (
    "о109 е85 а80 и73 н67 т63 с55 р47 в45 л44 к35 м32 д30 п28 у26 я20 ы19 ь17 г17 з16 б16 ч14 й12 "
    "х10 ж9 ш7 ю6 ц5 щ4 э3 ф3 ъ.5 ё.4"
)
_UKRAINIAN = (
    "о94 а83 и61 н68 і57 в52 т52 е50 р47 с43 к41 л38 д34 м32 у30 п29 я22 з23 ь18 г16 ч13 б15 й13 "
    "х11 ї6 ш8 ж8 ю8 ц9 є6 щ5 ф4 ґ.1 '1"
)
_BULGARIAN = (
    "а117 и90 о86 е85 т75 н68 р53 с52 в44 л35 к35 д34 п30 м27 з22 ъ18 у17 г16 б15 ч14 я13 й7 ж7 "
    "щ6 ц6 ш4 х8 ю1 ф3 ь.2"
)
_SERBIAN = (
    "а115 и95 о92 е88 н56 р52 т45 с48 ј45 у42 в37 к36 д38 л33 п29 м36 з17 г17 б15 ш10 ч10 ц8 ж6 "
    "х6 њ6 ћ6 љ5 ђ2 ф2 џ.2"
)
_GREEK = (
    "α100 ο90 ι85 ε75 τ80 σ45 ν70 η50 υ40 ρ42 π40 κ40 ς38 μ32 λ28 ω20 δ17 γ16 χ13 θ13 φ9 β7 ξ4 ζ4 "
    "ψ2 ά20 έ18 ή14 ί25 ό22 ύ10 ώ10 ϊ1 ϋ.2 ΐ.2 ΰ.1"
)
_HEBREW = (
    "י110 ה100 ו100 ל74 א64 ר56 ת50 ב48 ש44 מ46 נ32 ם32 ע32 ד26 ח25 ק21 פ17 ט12 כ24 צ12 ג12 ס15 "
    "ז13 ן14 ך8 ף3 ץ2"
)
_ARABIC = (
    "ا130 ل120 ي65 م62 و60 ن60 ر45 ت45 ب37 ة35 ع36 د32 س28 ف28 ه27 ك22 ق22 ح18 أ18 ج13 ش11 ى10 ص10 "
    "ط9 خ8 إ8 ذ6 ض6 ء5 ز5 ث5 غ4 ئ4 ظ2 ؤ1 آ2 پ1 چ.5 ژ.2 گ2 ً2 َ1 ُ1 ِ1 ّ1"
)
SIMPLIFIED = (
    "的一是了不在有人这上大来和我个他中们到国说为子时道以要就出会也你对生能而那得于着下自之年过发后作里用"
    "地家成多行然学方如前所天同事长面动因心样其些没现开日起还看只主当去己此进把此样最定又力法问手知几产两"
    "高经头给从实本者部机政向民与公市新月分议关但第二三全它外正量报第理体小已都员会决"
)
TRADITIONAL = (
    "的一是了不在有人這上大來和我個他中們到國說為子時道以要就出會也你對生能而那得於著下自之年過發後作裡用"
    "地家成多行然學方如前所天同事長面動因心樣其些沒現開日起還看只主當去己此進把最定又力法問手知幾產兩高經"
    "頭給從實本者部機政向民與公市新月分議關但第二三全它外正量報理體小已都員決"
)
KANJI = (
    "日一人年大十二本中長出三時行見月分後前生五間上東四今金九入学高円子外八六下来気小七山話女北午百書先"
    "名川千水半男西電校語土木聞食車何南万毎白天母火右読友左休父雨会議者的地方事新国部員委員報告決定市民"
)
SYLLABLES = (
    "이다의는에을가지고로한기하사도은를시서자그나정아보대수리해스인어부일제공장과라있들동마전으게주원"
    "비조여상만구러면적안성유회관음했았었습니까때것명소또무개계단방위선세신연말각교간"
)


def _logs(figures: str) -> dict[str, float]:
    """Return the logarithm of each letter's share."""
    return {each[0]: math.log(float(each[1:]) / 1000) for each in figures.split()}


LATIN = {language: _logs(figures) for language, figures in _LATIN.items()}
"""Logarithm of the share of each letter that ASCII lacks, by language."""
WORDS = {language: frozenset(words.split()) for language, words in _WORDS.items()}
"""Frequent words by language."""
SCRIPTS = {
    "ru": _logs(_CYRILLIC),
    "uk": _logs(_UKRAINIAN),
    "bg": _logs(_BULGARIAN),
    "sr": _logs(_SERBIAN),
    "el": _logs(_GREEK),
    "he": _logs(_HEBREW),
    "ar": _logs(_ARABIC),
    "th": dict.fromkeys(map(chr, range(0xE01, 0xE5B)), math.log(1 / 50)),
}
"""Logarithm of the share of each letter, by language."""
