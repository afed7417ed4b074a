"""Bulk files: everything public, as whole tables, for those who do not want to ask page by page."""
