"""The people that a document names, and whether it calls them he or she. Pure.

English. A name is a person's where the document shows it: by a title, by a well-known first name,
by what only people do, by `who`. Where it is in doubt, it is not.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from longsum.selection.given_names import FEMALE_NAMES, MALE_NAMES
from longsum.selection.references import PERSON, names_in
from longsum.similarity import FUNCTION_WORDS, listed

Gender = Literal["he", "she"]

_MALE_TITLES = listed(
    "mr sir lord king prince emperor duke baron father brother uncle grandfather monsieur herr pope"
)
_FEMALE_TITLES = listed(
    """
    mrs miss ms lady queen princess empress duchess baroness mother sister aunt grandmother madame
    """
)
_TITLES = (
    _MALE_TITLES
    | _FEMALE_TITLES
    | listed(
        """
        dr doctor professor prof president senator governor mayor judge justice general captain
        colonel major lieutenant sergeant admiral commander bishop cardinal reverend rev saint st
        chancellor secretary minister
        """
    )
)
_CAPITAL = r"(?:[A-Z][’'](?=[A-Z]))?[A-Z](?:[\w-]|[’'](?!s\b)(?=\w))*[a-z](?:[’'](?!s\b)\w+)?"
"""A word with a capital, not of capitals only and without a possessive `s`."""
_NAME = re.compile(
    rf"""(?<![\w’'.-])(?P<name>{_CAPITAL}\.?
    (?:\s+(?:[A-Z]\.(?:\s?[A-Z]\.)*|(?:de|da|di|von|van|der|den|la|le|du|bin|ibn|al)(?=\s[A-Z])
      |{_CAPITAL}|[IVX]+\b))*)""",
    re.VERBOSE,
)
"""Words with capitals, one after the other."""
_ACTS = re.compile(
    r"""\s+(?:(?:also|then|had|has|never|once|later|first|himself|herself|quickly|slowly|finally
    |suddenly|immediately|again)\s+){0,2}
    (?:said|says|asked|replied|answered|cried|exclaimed|whispered|shouted|thought|felt|knew|laughed
    |smiled|nodded|sighed|shrugged|frowned|turned|looked|stared|walked|sat|stood|woke|slept|wrote
    |was\ born|died|married|studied|graduated|testified|argues|argued|told|met|loved|hated|wept
    |believed|wanted|remembered|spoke|watched|grinned|ran|went|came|took|gave|saw|heard|hoped
    |decided|explained|claimed|agreed|refused|resigned|retired|moved\ to|returned|became|served
    |was\ (?:appointed|elected|arrested|convicted|sentenced|educated|raised|buried|survived
      |married|killed|wounded|ordained|knighted))\b
    |,?\s+(?:who|whose)\b|\s+(?:himself|herself)\b""",
    re.VERBOSE,
)
"""What people do, after a name."""
_PLACED = re.compile(
    r"""\b(?i:in|near|at|across|throughout|outside|around|into|within|towards?)\s+$
    |\b[A-Z]\w+,\s+$""",
    re.VERBOSE,
)
"""Words before the name of a place."""
_OF_THING = re.compile(
    r"""(?:^|\s)(?:Act|Acts|Amendment|Avenue|Bank|Battle|Bay|Board|Bridge|Building|Bureau|Cathedral
    |Church|City|Clause|Club|Co|Code|College|Commission|Committee|Company|Congress|Convention|Corp
    |Corporation|Council|County|Court|Day|Department|District|Earth|Empire|Foundation|Fund|Group
    |Hall|Hospital|House|Inc|Institute|International|Island|Islands|Journal|Kingdom|Lake|League
    |Library|Ltd|Medal|Mountain|Mountains|Museum|National|Ocean|Office|Order|Palace|Park|Party
    |Press|Prize|Province|Republic|River|Road|Rule|School|Sea|Section|Service|Society|State|States
    |Station|Street|System|Territory|Theater|Theatre|Times|Tower|Town|Treaty|Tribunal|Union
    |University|Valley|War|World|Award|Festival|Games|Cup|Series|Records|Band|Orchestra|Army|Navy
    |Force|Regiment|Division|Brigade|Castle|Abbey|Airport|Hotel|Square|Center|Centre|Village
    |Hill|Beach|Creek|Forest|Desert|Peninsula|Coast|Cape|Gulf|Agency|Authority|Administration
    |Association|Federation|Parliament|Senate|Assembly|Government|Ministry|Police|Guard|Academy
    |January|February|March|April|May|June|July|August|September|October|November|December
    |Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|God|Christ|Bible|Sun|Moon|Mars|Venus
    |English|French|German|American|British|Chinese|Japanese|Russian|Spanish|Italian|Indian|Roman
    |Greek|European|Christian|Catholic|Jewish|Muslim|Latin|Irish|Scottish|Welsh|Dutch|Canadian
    |Australian|African|Asian|Mexican|Polish|Swedish|Turkish|Arab|Arabic|Persian|Egyptian)s?(?:$|\s)""",
    re.VERBOSE,
)
"""Words in the names of what is not a person."""
_OPENING = re.compile(r"\W*(He|His|She|Her)\b")
"""A pronoun for a person that opens a sentence."""
_ENDINGS = ("ly", "ing", "ed")
"""Endings of common words that open a sentence."""
MIN_EVIDENCE = 2
"""Places at which a document must show that a name is a person's."""
MIN_VOTES, MIN_SHARE = 2, 3
"""How often a name must be one gender's, and how many times more often than the other's. A pronoun
after it counts once, a first name or a title more."""


class Mention(NamedTuple):
    """A person's name in a sentence."""

    person: int
    """Number of the person."""
    start: int
    end: int
    """Where in the sentence."""
    name: str
    """As it is written there."""
    acts: bool
    """Whether it does something that people do, somewhere in the document."""
    sure: bool
    """Whether it is a person's for sure, not perhaps."""


@dataclass
class _Evidence:
    """What a document shows about a name."""

    acts: int = 0
    places: int = 0
    genders: Counter[Gender] = field(default_factory=Counter)
    names: Counter[str] = field(default_factory=Counter)


class People:
    """The people that sentences name.

    Args:
        texts: the sentences of a document.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._small = {
            word for text in texts for word in re.findall(r"(?<![\w’'-])[a-z][a-z’-]+", text)
        }
        self._within = names_in(texts)
        named = [list(self._names_of(text)) for text in texts]
        self._evidence: dict[str, _Evidence] = {}
        for text, names in zip(texts, named, strict=True):
            for found in names:
                self._weigh(text, found)
        self._by_key: dict[str, int] = {}
        self._keys: list[str] = []
        self._mentions = [
            [each for found in names if (each := self._mention(found))] for names in named
        ]
        self._vote(texts)

    def in_sentence(self, number: int) -> list[Mention]:
        """Return the people named in a sentence, in order."""
        return self._mentions[number]

    def gender(self, person: int) -> Gender | None:
        """Return whether a document calls a person he or she; None where it is not known."""
        genders = self._evidence[self._keys[person]].genders
        he, she = genders["he"], genders["she"]
        if max(he, she) < MIN_VOTES or max(he, she) <= MIN_SHARE * min(he, she):
            return None
        return "he" if he > she else "she"

    def full_name(self, person: int, name: str) -> str:
        """Return the longest name of a person, if only one in the document holds this name."""
        names = self._evidence[self._keys[person]].names
        longer = {each for each in names if f" {name} " in f" {each} " and each != name}
        bare = {_without_title(each) for each in longer if names[each] > 1 or _is_given(each)}
        bare -= {each for each in bare if any(each != b and each in b for b in bare)}
        return bare.pop() if len(bare) == 1 else name

    def _names_of(self, text: str) -> Iterator[re.Match[str]]:
        """Yield the names in a sentence; a common word at its beginning is not one."""
        for found in _NAME.finditer(text):
            first = found["name"].split()[0].rstrip(".")
            opens = not text[: found.start()].strip(" \"“‘'(—-")
            if opens and self._is_common(text, found, first.casefold()):
                rest = _NAME.match(text, found.start() + len(first) + 1)
                if rest is not None and " " in found["name"]:
                    yield rest
                continue
            yield found

    def _is_common(self, text: str, found: re.Match[str], first: str) -> bool:
        """Return whether the word that opens a sentence is not a name: `However`."""
        if first in _TITLES:
            return False
        if first in self._small or first in FUNCTION_WORDS:
            return True
        known = first in MALE_NAMES or first in FEMALE_NAMES or " " in found["name"]
        return first.endswith(_ENDINGS) and not (known or found["name"] in self._within)

    def _weigh(self, text: str, found: re.Match[str]) -> None:
        """Count what a sentence shows about a name."""
        name = found["name"].rstrip(".")
        if _OF_THING.search(name):
            return
        parts = name.split()
        titles = [p.rstrip(".").casefold() for p in parts[:-1]]
        title = titles[0] if titles and titles[0] in _TITLES else None
        evidence = self._evidence.setdefault(_key(name), _Evidence())
        given = parts[1 if title and len(parts) > 2 else 0].rstrip(".").casefold()
        evidence.names[name] += 1
        if title in _MALE_TITLES:
            evidence.genders["he"] += 3
        if title in _FEMALE_TITLES:
            evidence.genders["she"] += 3
        male, female = given in MALE_NAMES, given in FEMALE_NAMES
        if male != female and (title is None or len(parts) > 2):
            gender: Gender = "he" if male else "she"
            # `Rose` and `Martin` alone may be surnames
            first_time = not evidence.genders[gender]
            evidence.genders[gender] += 3 if len(parts) > 1 else 2 * first_time
        if title or male or female:
            evidence.acts += 2 if len(parts) > 1 else 1
        if _ACTS.match(text, found.end()):
            evidence.acts += 1
        if _PLACED.search(text[: found.start()]):
            evidence.places += 1

    def _mention(self, found: re.Match[str]) -> Mention | None:
        """Return the person that a name is one of, if it is a person's."""
        name = found["name"].rstrip(".")
        key = _key(name)
        evidence = self._evidence.get(key)
        if evidence is None or _OF_THING.search(name):
            return None
        if evidence.places and not evidence.acts:
            return None
        sure = evidence.acts >= max(MIN_EVIDENCE, 2 * evidence.places)
        sure = sure and not PERSON.search(_without_title(name))  # `Birth Mother`
        person = self._by_key.setdefault(key, len(self._keys))
        if person == len(self._keys):
            self._keys.append(key)
        return Mention(
            person, found.start(), found.start() + len(name), name, evidence.acts > 0, sure
        )

    def _vote(self, texts: Sequence[str]) -> None:
        """Count the pronouns that follow a person named alone."""
        for number, text in enumerate(texts[1:], 1):
            opened = _OPENING.match(text)
            before = {each.person for each in self._mentions[number - 1] if each.sure}
            if opened and len(before) == 1 and not self._mentions[number]:
                gender: Gender = "he" if opened[1].casefold() in ("he", "his") else "she"
                self._evidence[self._keys[before.pop()]].genders[gender] += 1


def _key(name: str) -> str:
    """Return what names of one person share: the last word, without a title and a number."""
    parts = [p for p in _without_title(name).split() if not re.fullmatch(r"[IVX]+|Jr|Sr", p)]
    return parts[-1].casefold() if parts else name.casefold()


def _is_given(name: str) -> bool:
    """Return whether a name begins with a well-known first name."""
    first = _without_title(name).split()[0].casefold()
    return first in MALE_NAMES or first in FEMALE_NAMES


def _without_title(name: str) -> str:
    """Return a name without its titles."""
    parts = name.split()
    while len(parts) > 1 and parts[0].rstrip(".").casefold() in _TITLES:
        parts = parts[1:]
    return " ".join(parts)
