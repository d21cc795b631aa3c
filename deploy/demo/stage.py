"""The stage: what has happened in the play so far."""

from dataclasses import dataclass, field

from deploy.demo import cast, usages
from deploy.demo.court import Report
from deploy.demo.desk import Desk, Person


@dataclass
class Stage:
    """What has happened so far."""

    desk: Desk
    people: dict[str, Person] = field(default_factory=dict)
    uses: list[usages.Use] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    def of(self, role: cast.Role) -> Person:
        """The account's holder in a part."""
        return self.people[role.user_name]

    def everybody(self) -> list[Person]:
        """All who have an account, in the order in which they came."""
        return list(self.people.values())
