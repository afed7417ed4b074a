"""The guichet command."""
