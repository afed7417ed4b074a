"""The mails of contributions, in the author's language. Their words are `mail.*` of api/i18n."""

from typing import Any

from api.addresses import address
from api.i18n_texts import Texts
from catalog.communes import Commune
from catalog.outbox import Mail
from catalog.referential import Service
from crowd.contributions import Letter, Sent


def received(handler: Any, commune: Commune, service: Service, sent: Sent) -> Letter | None:
    """The mail that says it was received; None when no address was given."""
    if sent.email is None:
        return None
    to, language, origin = sent.email, sent.language, handler.origin

    def letter(reference: str, link: str, published: bool) -> Mail:
        return compose(
            "published" if published else "received",
            to=to,
            language=language,
            reference=reference,
            follow=origin + address("follow", language, token=link),
            commune=commune.name,
            service=service.title(language),
        )

    return letter


def compose(
    what: str,
    *,
    to: str,
    language: str,
    reference: str,
    follow: str,
    commune: str,
    service: str,
    said: str = "",
) -> Mail:
    """One mail: `what` is received, published, accepted, refused or asked."""
    t = Texts(language)
    values = {"reference": reference, "commune": commune, "service": service}
    parts = [t(f"mail.{what}", **values)]
    if said:
        parts.append(t("mail.in_their_words") + "\n" + said)
    parts.append(t("mail.follow", follow=follow))
    parts.append(t("mail.why_you"))
    return Mail(
        to=to,
        subject=t(f"mail.subject_{what}", reference=reference),
        text="\n\n".join([t("mail.hello"), *parts]) + "\n",
        purpose=f"contribution-{what}",
    )
