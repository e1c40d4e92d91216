"""What every report counts and how it groups."""

from __future__ import annotations

from datetime import date

from buttress.project.model import Place
from buttress.reports.overview import counts, overview, why_accepted
from buttress.scorecard import Acceptance, AcceptedBy
from tests.reports.cards import GUESS, NO_CI, SQL, At, card

ACCEPTED = Acceptance(AcceptedBy.CONFIGURATION, "behind the VPN", "ops", date(2027, 1, 31))


def test_places_of_one_check_are_one_cause() -> None:
    found = card({NO_CI: [At("main.py:3:1")], SQL: [At("main.py:8:12"), At("main.py:9:1")]})

    causes = overview(found).open

    assert [cause.check.id for cause in causes] == ["SEC-SQL", "CICD-NO-CI"]
    assert causes[0].places == (Place("main.py", 8, 12), Place("main.py", 9))


def test_a_cause_says_what_all_its_places_say_else_its_title() -> None:
    same = card({SQL: [At("main.py:8:12", "It leaks."), At("main.py:9:1", "It leaks.")]})
    other = card({SQL: [At("main.py:8:12", "It leaks."), At("main.py:9:1", "It drips.")]})

    assert overview(same).open[0].message == "It leaks."
    assert overview(other).open[0].message == "Input becomes part of SQL."


def test_a_recipe_is_named_where_it_mends_at_least_one_place() -> None:
    one = card({NO_CI: [At("main.py:3:1", by_hand=True), At("main.py:4:1")]})
    none = card({NO_CI: [At("main.py:3:1", by_hand=True)]})

    assert (overview(one).open[0].recipe, one.recommended()) == ("ci", ("ci",))
    assert (overview(none).open[0].recipe, none.recommended()) == (None, ())


def test_the_same_place_is_named_once() -> None:
    found = card({SQL: [At("main.py:8:1", "One."), At("main.py:8:1", "Two.")]})

    assert len(overview(found).open[0].places) == 1


def test_what_is_accepted_or_uncertain_is_not_open() -> None:
    found = card({SQL: [At("main.py:8:12", acceptance=ACCEPTED)], GUESS: [At("main.py:3:1")]})

    seen = overview(found)

    assert seen.open == ()
    assert [cause.check.id for cause in seen.to_review] == ["OBS-GUESS"]
    assert [cause.check.id for cause in seen.accepted] == ["SEC-SQL"]


def test_the_counts_tell_what_there_is() -> None:
    plain = card({SQL: [At("main.py:8:12")]})
    mixed = card(
        {
            SQL: [At("main.py:8:12", acceptance=ACCEPTED), At("main.py:9:1", is_new=False)],
            GUESS: [At("main.py:3:1")],
            NO_CI: [At("main.py:3:1")],
        },
        compared_with="baseline.json",
    )

    assert counts(plain) == ["1 finding"]
    assert counts(mixed)[0] == "1 new finding"
    assert counts(mixed)[1] == "1 to review"
    assert counts(mixed)[2].startswith("1 accepted (strict score ")
    assert counts(mixed)[3] == "1 known before (baseline.json)"


def test_who_accepted_it_and_why_is_one_line() -> None:
    assert why_accepted(ACCEPTED) == "configuration: behind the VPN (ops, until 2027-01-31)"
    assert why_accepted(Acceptance(AcceptedBy.NOSEC)) == "nosec"
    assert why_accepted(Acceptance(AcceptedBy.INLINE, "a test")) == "inline: a test"
