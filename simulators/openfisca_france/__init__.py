"""Income tax and hiring cost, computed by OpenFisca-France in processes of its own."""
