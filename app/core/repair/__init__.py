"""Small named mends of a document's spelling, types and names; none invents anything."""
