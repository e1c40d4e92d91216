"""Regular expressions: how the time that one takes grows with the text, and where such a one is used."""
