"""What the tables hold, counted anew for the judge of sentences; and what a sentence's numbers are.

Not here: which sentence is true (truths), the tables themselves (edge_crawls).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

MODALITY = {"style": "image", "topic": "text", "picture": "image", "caption": "text"}


@dataclass(frozen=True)
class Seen:
    """The tables, as far as a crawl date."""

    tables: Mapping[str, pd.DataFrame]
    day: date

    def of_day(self, table: str, modality: str | None = None) -> pd.DataFrame:
        rows = self.tables[table]
        rows = rows[rows["crawl_date"] == self.day]
        return rows if modality is None else rows[rows["modality"] == modality]

    def sizes(self, modality: str) -> list[int]:
        items = self.of_day("clusters", modality)
        return sorted(items["cluster_id"].value_counts().tolist(), reverse=True)

    def before(self, modality: str) -> date | None:
        items = self.tables["clusters"]
        days = items.loc[(items["modality"] == modality) & (items["crawl_date"] < self.day), "crawl_date"]
        return None if days.empty else max(days)

    def pairs(self) -> pd.DataFrame:
        rows = self.of_day("crosstab_ratios")
        return rows[(rows["unit"] == "image") & rows["text_cluster"].notna()]

    def pictures(self) -> pd.DataFrame:
        """Clustered pictures with the topic of their post's caption, missing where it has none."""
        items = self.of_day("clusters")
        texts = items[items["modality"] == "text"].set_index("post_id")["cluster_id"]
        pictures = items[items["modality"] == "image"]
        return pictures.assign(topic=pictures["post_id"].map(texts))

    def number(self, modality: str, name: str) -> int:
        """The cluster that is called so on the page."""
        profiles = self.of_day("cluster_profiles", modality)
        lasting = self.of_day("cluster_identities", modality)
        named = [
            rows.loc[rows[column] == name.removesuffix(" †"), "cluster_id"]
            for rows, column in ((lasting, "name"), (profiles, "proposed_name"))
        ]
        return int(next(found.iloc[0] for found in named if len(found)))

    def few(self, modality: str, column: str) -> list[int]:
        rows = self.of_day("cluster_profiles", modality)
        return rows.loc[rows[column].astype(bool), "cluster_id"].tolist()

    def crawls_with_new_posts(self, modality: str) -> int:
        items = self.tables["clusters"]
        first = items[items["modality"] == modality].groupby("post_id")["crawl_date"].min()
        return first[first <= self.day].nunique()


def is_share(text: str, part: float, whole: float) -> bool:
    """Whether a percentage is the share, rounded; 100 % of less than all and 0 % of more than none are not."""
    share, sign, number = part / whole, text[0] if text[0] in "<>" else "", float(text.strip("<>%"))
    if sign:
        return 0 < share < number / 100 if sign == "<" else number / 100 < share < 1
    if number in (0, 100):
        return share == number / 100
    digits = len(text.strip("%").partition(".")[2])
    return abs(100 * share - number) <= 0.5 * 10**-digits + 1e-9


def numbers(text: str) -> list[int]:
    """The whole numbers in a text."""
    return [int(n.replace(",", "")) for n in re.findall(r"\d[\d,]*", text)]


def amounts_in(text: str) -> dict[str, int]:
    """Numbers of things by their noun: "2 styles and 1 topic"."""
    found = re.findall(r"([\d,]+) (style|topic|picture|caption|post|account|pair|crawl)(s?)", text)
    assert all((n == "1") == (not many) for n, _, many in found), text
    return {noun: int(n.replace(",", "")) for n, noun, _ in found}
