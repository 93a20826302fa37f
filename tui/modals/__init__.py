"""Windows over a screen: each is handed what it shows and dismisses with what was decided; none touches the app."""
