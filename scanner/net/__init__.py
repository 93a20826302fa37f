"""Everything that sends: the engines behind `live.LiveNetwork`, and the guard that wraps whatever Network there is."""
