"""The page of the zoo is current, and says of every network where it comes from."""

from __future__ import annotations

from zoo import PAGE, page

from factory.spec.overview import overview


def test_the_page_is_current():
    assert PAGE.read_text(encoding="utf-8") == page(), "run: make docs"


def test_every_network_names_its_paper_its_year_and_who_counted():
    assert [entry["name"] for entry in overview() if not (entry["paper"] and entry["year"] and entry["source"])] == []
