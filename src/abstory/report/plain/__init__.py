"""Parts of the `report/1` document: a module each, plain values that any JSON writer takes."""
