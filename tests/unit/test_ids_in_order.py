"""Many ids that are made of one."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.messaging.ids import child_id, ids_from, instant_of

parents = st.builds(UUID, int=st.integers(0, 2**128 - 1))


@given(parents)
def test_ids_made_of_one_are_distinct_ascending_and_of_its_millisecond(parent: UUID) -> None:
    first = child_id(parent, "paa_billing", 1)

    made = ids_from(first, 500)

    assert made == sorted(set(made))
    assert {(each.version, each.variant, each.int >> 80) for each in made} == {
        (7, first.variant, first.int >> 80)
    }


def test_ids_made_of_one_are_the_same_at_a_repetition_and_others_for_another_one() -> None:
    parent = UUID("0190a0b0-0000-7000-8000-000000000001")

    made = [ids_from(child_id(parent, "paa_billing", place), 500) for place in (1, 1, 2)]

    assert made[0] == made[1]
    assert set(made[0]).isdisjoint(made[2])
    assert instant_of(made[0][0]) == instant_of(parent)


def test_more_ids_than_one_has_room_for_are_refused() -> None:
    with pytest.raises(ValueError, match="at most"):
        ids_from(UUID(int=0), 2**20 + 1)
