"""The mails of good practices, in their owner's language. Their words are `practices.mail_*`."""

from api.addresses import address
from api.i18n_texts import Texts
from catalog.outbox import Mail
from crowd.practice_lists import Due


def compose(
    what: str, *, to: str, language: str, origin: str, link: str, reference: str, said: str = ""
) -> Mail:
    """One mail: `what` is received, publish, refuse, ask or take-back."""
    t = Texts(language)
    key = what.replace("-", "_")
    follow = origin + address("practice-owner", language, token=link)
    parts = [t("mail.hello"), t(f"practices.mail_{key}", reference=reference)]
    if said:
        parts.append(t("mail.in_their_words") + "\n" + said)
    parts += [t("practices.mail_follow", follow=follow), t("practices.mail_why_you")]
    return Mail(
        to=to,
        subject=t(f"practices.subject_{key}", reference=reference),
        text="\n\n".join(parts) + "\n",
        purpose=f"practice-{what}",
    )


def news(due: Due, origin: str, link: str) -> Mail:
    """Six months later: what became of it?"""
    t = Texts(due.language)
    follow = origin + address("practice-owner", due.language, token=link)
    parts = (
        t("mail.hello"),
        t("practices.mail_news", title=due.title, commune=due.commune),
        t("practices.mail_news_how", follow=follow),
        t("practices.mail_why_you"),
    )
    return Mail(
        to=due.email,
        subject=t("practices.subject_news", reference=due.reference),
        text="\n\n".join(parts) + "\n",
        purpose="practice-news",
    )
