"""The executable referential: services, their level rules, who is competent.

One frozen value is read from a versioned TOML file. The scorer, the legend, the API and the
method page all read this value, so that they cannot disagree.
"""

from catalog.referential.loader import (
    BUNDLE_ID,
    Attribute,
    Domain,
    Referential,
    Rule,
    Service,
    current,
    read,
)

__all__ = [
    "BUNDLE_ID",
    "Attribute",
    "Domain",
    "Referential",
    "Rule",
    "Service",
    "current",
    "read",
]
