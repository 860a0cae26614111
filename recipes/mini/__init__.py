"""How the bundled model is made, from text to weights, one command per stage."""
