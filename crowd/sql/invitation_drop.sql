-- Forget invitations after a year: the mandates that they opened say who delegated what.
delete from crowd.invitation where made_at < now() - interval '365 days'
