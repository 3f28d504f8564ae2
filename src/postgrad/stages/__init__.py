"""The regimen as wiring: which steps a recipe becomes, what each calls. No numerics, no file formats."""
