"""The mails of contributions, in the author's language. Their words are `mail.*` of api/i18n."""

from typing import Any

from api.addresses import address
from api.i18n_texts import Texts
from catalog.outbox import Mail
from catalog.referential import Service
from crowd.receiving import Letter, Sent


def received(handler: Any, commune: str, service: Service, sent: Sent) -> Letter | None:
    """The mail that says it was received, of a commune by its name; None without an address."""
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
            commune=commune,
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
