"""The `guichet` command: each module is one command, imported only when it is asked for."""
