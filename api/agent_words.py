"""What pages say of agents: the badge of what they publish, what came of what they contest."""

from api.i18n_texts import Texts
from catalog.observations import Observation
from crowd.contests import Contest
from crowd.roles import Role, chain_of


def badge(t: Texts, proof: Observation, commune: str) -> str:
    """« publié par un prestataire pour la commune de X »: a role, never a name or an address."""
    chain = chain_of(proof.attributes.get("chain"))
    if len(chain) < 2:
        return str(t("mairie.badge"))
    said: str = t(f"delegations.badge_{chain[-1].value}", commune=commune)
    between = [one for one in chain[1:-1] if one is not Role.MAIRIE]
    if between:
        through = ", ".join(t(f"delegations.role_{one.value}") for one in between)
        said += " " + t("delegations.badge_through", through=through)
    return said


def outcome(t: Texts, one: Contest) -> str:
    """What the second look gave, in a sentence."""
    code = (one.outcome or "waiting").replace("-", "_")
    return str(t(f"delegations.outcome_{code}"))
