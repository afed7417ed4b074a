-- Make sure that the source of national facts exists. No row is returned.
insert into catalog.source (id, title, publisher, licence, licence_url, url, nature)
values (%(id)s::text, 'Faits nationaux : téléservices de l''État et compétences fixées par la loi',
        'Guichet, d''après Légifrance et Service-Public', 'Licence Ouverte 2.0',
        'https://www.etalab.gouv.fr/licence-ouverte-open-licence/',
        'https://www.legifrance.gouv.fr/', 'law')
on conflict (id) do nothing
