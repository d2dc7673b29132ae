"""Assignment: which viewer gets which variant, by a contract that is frozen once released."""
