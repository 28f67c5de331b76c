"""The JSON door: one file a resource, its shapes on top, its routes below."""
