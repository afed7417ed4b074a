"""As what an agent speaks for a commune: its own town hall, or somebody to whom it delegated."""

from collections.abc import Sequence
from enum import StrEnum


class Role(StrEnum):
    """The commune's own voice first; then whom it may delegate to."""

    MAIRIE = "mairie"
    SECRETARY = "secretary"  # one person for several town halls
    EPCI = "epci"  # the commune's inter-municipal body, for its members
    PROVIDER = "provider"  # who runs the commune's site or procedures

    @property
    def organisation(self) -> bool:
        """It has a domain of its own: a mailbox that anybody may open is not believed."""
        return self in (Role.EPCI, Role.PROVIDER)


DELEGATED = (Role.SECRETARY, Role.EPCI, Role.PROVIDER)

# Who speaks, in the sentences of proofs (in French: proofs quote what was seen, word for word).
_SPEAKS = {
    Role.MAIRIE: "La commune",
    Role.SECRETARY: "Un secrétariat partagé, pour la commune de {commune},",
    Role.EPCI: "L’intercommunalité, pour la commune de {commune},",
    Role.PROVIDER: "Un prestataire, pour la commune de {commune},",
}


def speaks(role: Role, commune: str) -> str:
    """The subject of « … déclare que ». Never a name, never an address."""
    return _SPEAKS[role].format(commune=commune)


def chain_text(roles: Sequence[Role]) -> str:
    """A chain of delegation as attributes keep it: `mairie>epci>provider`."""
    return ">".join(one.value for one in roles)


def chain_of(text: object) -> tuple[Role, ...]:
    """The chain that `chain_text` wrote; empty for anything else."""
    try:
        return tuple(Role(one) for one in str(text).split(">")) if text else ()
    except ValueError:
        return ()
