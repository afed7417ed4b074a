"""OGC API: native handlers for what is asked often, pygeoapi behind one door for the rest."""
