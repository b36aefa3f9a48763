"""A language that the page can be read in, and how it puts a text into words.

Not here: the languages themselves (report/languages), texts before they are in a language (report/text).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mkt_assets.report.text import Reason, Series, Term, Text

_FORMS = re.compile(r"\[([^\[\]|]*\|[^\[\]]*)\]")


@dataclass(frozen=True, eq=False)
class Language:
    """A language.

    Attributes:
        code: Names it in the page and in data for the page's script; two letters, as in a browser's preferences.
        tag: BCP 47, as HTML's `lang` wants it.
        name: What it calls itself.
        form: By an amount, the index of the form that the language uses of it: which of "[is|are]".
        messages: By key, the text, with names of its blanks in braces.
        reasons: Of those in the table of rejects, a pattern of the English one, and the text with its groups as blanks.
    """

    code: str
    tag: str
    name: str
    form: Callable[[int], int]
    messages: Mapping[str, str]
    reasons: Sequence[tuple[str, str]] = ()

    def write(self, text: Text) -> str:
        """The text in this language.

        Raises:
            KeyError: The language has no such message.
        """
        if isinstance(text, str):
            return text
        if isinstance(text, Series):
            return self.write(text.between).join(map(self.write, text.parts))
        if isinstance(text, Term):
            return dict(text.by_language).get(self.code, text.by_language[0][1])
        if isinstance(text, Reason):
            return self._reason(text.english)
        form = self.form(text.amount)
        message = _FORMS.sub(lambda forms: forms[1].split("|")[form], self.messages[text.key])
        return message.format(**{name: self.write(value) for name, value in text.values})

    def _reason(self, english: str) -> str:
        for pattern, wording in self.reasons:
            if found := re.fullmatch(pattern, english):
                return wording.format(**found.groupdict())
        return english
